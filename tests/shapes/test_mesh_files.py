"""Every kind of file gives the same mesh; whatever is wrong is one clear line."""

import random

import numpy as np
import pytest
import trimesh

from vaegan_jax.errors import UserError
from vaegan_jax.shapes import mesh_files
from vaegan_jax.shapes.mesh_files import read_mesh
from vaegan_jax.shapes.mesh_writers import write_glb
from vaegan_jax.shapes.voxelize import voxelize

# A wedge: no rotation or mirroring maps it to itself. Two triangles, three quads.
WEDGE = """OFF
6 5 0
0 0 0
1 0 0
0 2 0
0 0 3
1 0 3
0 2 3
3 0 2 1
3 3 4 5
4 0 1 4 3
4 1 2 5 4
4 2 0 3 5
"""
VERTICES = np.array(
    [[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3], [1, 0, 3], [0, 2, 3]], float
)
SCALE = 0.25  # the longest side is 3


def read(text, suffix=".off", **options):
    content = text if isinstance(text, bytes) else text.encode()
    return read_mesh(content, suffix, **options)


def exported(kind):
    mesh = trimesh.Trimesh(*wedge_arrays(), process=False)
    if kind == "gltf":
        return mesh.scene().export(file_type="gltf")
    content = mesh.export(file_type=kind)
    return content if isinstance(content, bytes) else content.encode()


def wedge_arrays():
    mesh = read(WEDGE)
    return np.asarray(mesh.vertices) / SCALE, mesh.faces


def assert_is_wedge(mesh):
    assert mesh.volume == pytest.approx(3 * SCALE**3, rel=1e-5)
    np.testing.assert_allclose(mesh.bounds, np.array([[0] * 3, [1, 2, 3]]) * SCALE)
    assert len(mesh.faces) == 8


def test_quads_become_triangles():
    assert_is_wedge(read(WEDGE))


@pytest.mark.parametrize(
    "text",
    [
        WEDGE.replace("OFF\n", "OFF"),  # joined, as in ModelNet
        WEDGE.replace("OFF\n6 5 0", "OFF 6 5 0"),
        WEDGE.replace("6 5 0", "6 5"),
        WEDGE.replace("\n", "\r\n"),
        "# by hand\n\n" + WEDGE.replace("1 0 0\n", "1 0 0 # a corner\n\n"),
        WEDGE.replace("3 0 2 1", "3 0 2 1 255 0 0"),  # colours
        WEDGE.replace("1 0 0\n", "1 0 0 0.5 0.5 0.5\n").replace("OFF", "COFF"),
        WEDGE.replace("5 0\n", "7 0\n") + "2 0 1\n3 0 0 0\n",  # a line, a point
        WEDGE.replace("OFF", "off").rstrip(),
        "\ufeff" + WEDGE,  # a byte order mark
    ],
)
def test_ways_to_write_off(text):
    mesh = read(text)
    assert mesh.volume == pytest.approx(3 * SCALE**3)
    np.testing.assert_allclose(mesh.bounds[1], np.array([1, 2, 3]) * SCALE)


def test_polygons_of_many_corners():
    angles = np.arange(7) * (2 * np.pi / 7)
    rows = [f"{np.cos(a)} {np.sin(a)} 0" for a in angles]
    mesh = read("OFF\n7 1 0\n" + "\n".join(rows) + "\n7 0 1 2 3 4 5 6\n")
    assert len(mesh.faces) == 5


@pytest.mark.parametrize("kind", ["off", "obj", "ply", "stl", "stl_ascii", "glb"])
def test_kinds_of_files(kind):
    assert_is_wedge(read(exported(kind), f".{kind.split('_')[0].upper()}", up="z"))


TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n"


@pytest.mark.parametrize("corner", ["{}/", "{}//", "{}/ "])
def test_obj_corners_with_slashes_that_nothing_follows(corner):
    faces = [(1, 3, 2), (1, 2, 4), (2, 3, 4), (1, 4, 3)]
    lines = ["f " + " ".join(map(corner.format, face)) for face in faces]
    for end in ("\n", ""):
        mesh = read(TETRAHEDRON + "\n".join(lines) + end, ".obj")
        assert mesh.volume == pytest.approx(1 / 6)
    with pytest.raises(UserError, match="cut short: its last face"):
        read(TETRAHEDRON + "f 1/1 3/1 2/1\nf 1/1 2/1 4/", ".obj")


def test_too_little_memory_is_no_fault_of_the_file(monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(mesh_files, "triangulate", fail)
    with pytest.raises(MemoryError):
        read(exported("stl"), ".stl")


def test_gltf_finds_its_buffer_through_the_resource_function():
    files = exported("gltf")
    asked = []

    def resource(name):
        asked.append(name)
        return files[name]

    assert_is_wedge(read(files["model.gltf"], ".gltf", up="z", resource=resource))
    assert asked == [name for name in files if name.endswith(".bin")]
    with pytest.raises(UserError, match="refers to another file, gltf_buffer"):
        read(files["model.gltf"], ".gltf")


def test_objects_of_a_scene_are_put_where_they_belong():
    scene = trimesh.Scene()
    for x in (0.0, 3.0):
        box = trimesh.creation.box((1, 1, 1))
        scene.add_geometry(
            box, transform=trimesh.transformations.translation_matrix([x, 0, 0])
        )
    mesh = read(scene.export(file_type="glb"), ".glb", up="z")
    np.testing.assert_allclose(mesh.extents, [1, 0.25, 0.25])
    assert len(mesh.faces) == 24


def test_y_up_files_are_turned():
    # ShapeNet: y up, front towards −z. Ours: z up, front towards −y.
    mesh = read(WEDGE, up="y")
    ours = np.stack([-VERTICES[:, 0], VERTICES[:, 2], VERTICES[:, 1]], axis=1)
    np.testing.assert_allclose(mesh.vertices, ours * SCALE)
    assert mesh.volume == pytest.approx(3 * SCALE**3)  # turned, not mirrored


def test_glb_is_y_up_unless_told_otherwise(tmp_path):
    mesh = read(WEDGE)
    write_glb(tmp_path / "wedge.glb", mesh)
    again = read((tmp_path / "wedge.glb").read_bytes(), ".glb")
    np.testing.assert_allclose(again.bounds, mesh.bounds, atol=1e-7)
    np.testing.assert_array_equal(voxelize(again, 8), voxelize(mesh, 8))


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_huge_and_tiny_meshes_are_like_any_other(scale):
    vertices, faces = wedge_arrays()
    mesh = trimesh.Trimesh(vertices * scale, faces, process=False)
    text = mesh.export(file_type="off", digits=14)
    again = read(text)
    assert 0.5 < again.extents.max() <= 1
    for solid in (False, True):
        # Rounding decides where a face lies between two voxels.
        differ = voxelize(again, 16, solid) != voxelize(read(WEDGE), 16, solid)
        assert differ.mean() < 0.002


def test_the_scale_changes_no_digit():
    vertices, _ = wedge_arrays()
    np.testing.assert_array_equal(read(WEDGE).vertices, vertices * SCALE)


@pytest.mark.parametrize("kind", ["off", "ply", "stl", "glb"])
def test_cut_files_are_always_noticed(kind):
    content = exported(kind)
    for end in range(1, len(content) - 8, 7):
        with pytest.raises(UserError) as error:
            read(content[:end], f".{kind}")
        assert "\n" not in str(error.value)


def test_cut_text_ply_is_noticed():
    mesh = trimesh.Trimesh(*wedge_arrays(), process=False)
    lines = mesh.export(file_type="ply", encoding="ascii").splitlines()
    for end in range(1, len(lines)):
        with pytest.raises(UserError):
            read(b"\n".join(lines[:end]), ".ply")


@pytest.mark.parametrize("kind", ["off", "obj", "ply", "stl", "stl_ascii", "glb"])
def test_garbled_files_raise_nothing_else(kind, capfd):
    content, rng = exported(kind), random.Random(0)
    for _ in range(60):
        garbled = bytearray(content)
        for _ in range(4):
            garbled[rng.randrange(len(garbled))] = rng.randrange(256)
        try:
            read(bytes(garbled), f".{kind.split('_')[0]}")
        except UserError as error:
            assert "\n" not in str(error)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("keyword", ["usemtl", "mtllib", "o", "usemtl ", "o\t"])
@pytest.mark.parametrize("colours", [False, True])
def test_an_obj_name_that_is_missing_takes_no_line_with_it(keyword, colours):
    text = f"v 0 0 0\nv 1 0 0\nv 0 1 0\n{keyword}\nf 1 2 3\n{keyword}"
    mesh = read_mesh(text.encode(), ".obj", resource=lambda name: b"", colours=colours)
    assert len(mesh.faces) == 1
