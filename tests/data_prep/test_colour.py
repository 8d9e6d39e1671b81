"""Data sets whose views keep their colours, and what is made of them."""

import json
import pathlib
import shutil

import numpy as np
import pytest
import trimesh
from PIL import Image

from data_prep.derived.r2n2_stand_in import write_shape
from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from tests import preloaded
from tests.helpers import ROOT, TINY_FLAGS, assert_error, make_examples, write_packed
from tests.using import make_picture, make_workdir
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.shapes.colours import luma
from vaegan_jax.shapes.random_cameras import RandomCameras

CHAIR = "03001627"
SIZE, VIEWS = 32, 2
DUMMY = ROOT / "data_prep" / "voxel_view_archive" / "dummy_data"
SPLITS = ("train", "validation", "test")
# Faces of a tetrahedron, seen from everywhere.
CORNERS = ["0 0 0", "1 0 0", "0 1 0", "0 0 1"]
FACES = ["1 3 2", "1 2 4", "2 3 4", "1 4 3"]


def succeed(result):
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


def tint(path, shares):
    """Makes a picture with transparency one in colour."""
    pixels = np.asarray(Image.open(path).convert("RGBA")).astype(float)
    pixels[..., :3] *= shares
    Image.fromarray(np.rint(pixels).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def renders(tmp_path_factory):
    """Three chairs in the layout of 3D-R2N2, in colours of their own."""
    folder = tmp_path_factory.mktemp("r2n2")
    for number, shares in enumerate([(1, 0.5, 0.2), (0.2, 1, 0.4), (0.9, 0.9, 0.1)]):
        cameras = RandomCameras("r2n2", VIEWS).views(np.random.default_rng(number))
        mesh = build_chair(sample_parameters(number))
        write_shape(folder, CHAIR, f"c{number}", mesh, cameras, SIZE)
        rendering = folder / "ShapeNetRendering" / CHAIR / f"c{number}" / "rendering"
        for path in rendering.glob("*.png"):
            tint(path, shares)
    split = {"taxonomy_id": CHAIR, "train": ["c0", "c1"], "val": ["c2"], "test": []}
    (folder / "ShapeNet.json").write_text(json.dumps([split]))
    return folder


def of_renders(folder, output, *more):
    return (
        *("r2n2", f"--voxels={folder / 'ShapeNetVox32'}", f"--output={output}"),
        f"--views={folder / 'ShapeNetRendering'}",
        f"--split={folder / 'ShapeNet.json'}",
        *more,
    )


@pytest.fixture(scope="module")
def colour(renders, tmp_path_factory):
    """The directory of their data set in colour."""
    from vaegan_jax.cli import prepare_data

    output = tmp_path_factory.mktemp("colour")
    assert prepare_data.main(list(of_renders(renders, output, "--channels=3"))) == 0
    return output


def assert_grey_of(colour, grey, split, resolution, size):
    """Views of the two differ by their channels alone; returns those in colour."""
    three = open_split(colour, split, resolution, size, channels=3)
    one = open_split(grey, split, resolution, size)
    assert three.names == one.names and three.views.shape[-1] == 3
    np.testing.assert_array_equal(luma(three.views), one.views[..., 0])
    read_as_grey = open_split(colour, split, resolution, size)
    np.testing.assert_array_equal(read_as_grey.views, one.views)
    return three


def test_renders_keep_their_colours_on_white(renders, colour, run, tmp_path):
    succeed(run(*of_renders(renders, tmp_path)))
    for split in SPLITS[:2]:
        examples = assert_grey_of(colour, tmp_path, split, 32, SIZE)
        for name, views in zip(examples.names, examples.views, strict=True):
            sources = (
                renders / "ShapeNetRendering" / CHAIR / name / f"rendering/{i:02d}.png"
                for i in range(VIEWS)
            )
            for view, path in zip(views, sources, strict=True):
                picture = np.asarray(Image.open(path))
                seen = picture[..., 3] == 255
                np.testing.assert_array_equal(view[seen], picture[seen][:, :3])
                assert (view[picture[..., 3] == 0] == 255).all()
    assert (colour / "r2n2_renders" / "all_r32_v32_rgb").is_dir()
    assert read_provenance(colour)["channels"] == 3
    assert "channels" not in read_provenance(tmp_path)  # as ever
    again = run(*of_renders(renders, tmp_path, "--channels=3"))
    assert_error(again, "holds another data set")


def test_a_packed_file_and_its_picture_keep_them(colour, run, tmp_path):
    packed = tmp_path / "data.npz"
    where = (f"--data_dir={colour}", f"--output={packed}")
    succeed(run("pack", *where, f"--image_size={SIZE}"))
    stored, read = (
        open_split(path, "train", 32, SIZE, channels=3) for path in (colour, packed)
    )
    np.testing.assert_array_equal(stored.views, read.views)
    for path in (colour, packed):
        told = run("inspect", f"--data_dir={path}", f"--picture={tmp_path / 'a.png'}")
        assert "train: 2 shapes of 32³, 2 views each of 3 channels" in told.stdout
        sheet = np.asarray(Image.open(tmp_path / "a.png")).astype(int)
        assert np.ptp(sheet[30:120, 4:130], axis=-1).max() > 60  # the first view


def test_deformed_copies_beside_colours_are_grey(run, tmp_path):
    data, output = tmp_path / "data.npz", tmp_path / "more.npz"
    examples = make_examples(count=2, num_views=2, resolution=32, channels=3)
    write_packed(data, examples, source="a test")
    options = (f"--output={output}", "--copies=1", "--procedural=1")
    succeed(run("deform", f"--packed={data}", *options))
    views = open_split(output, "train", 32, 32, channels=3).views
    np.testing.assert_array_equal(views[:2], examples.views)
    assert len(views) == 5 and (np.ptp(views[2:], axis=-1) == 0).all()
    assert (views[2:] < 200).any((1, 2, 3, 4)).all()
    assert read_provenance(output)["deformed"]["views"] == "grey"


@pytest.mark.slow
def test_models_of_three_channels_teach(run, tmp_path):
    data, output = tmp_path / "data.npz", tmp_path / "taught.npz"
    write_packed(data, make_examples(count=2, num_views=2, channels=3))
    teacher = make_workdir(tmp_path / "a", "vae_gan", **{"model.image_channels": 3})
    options = (f"--packed={data}", f"--output={output}")
    succeed(run("teach", *options, f"--model={teacher}"))
    taught = open_split(output, "train", 8, 32, with_targets=True, channels=3)
    assert taught.targets.shape == (2, 8, 8, 8) and taught.views.shape[-1] == 3
    grey = make_workdir(tmp_path / "b", "vae_gan")
    refused = run("teach", *options, f"--model={grey}")
    assert_error(refused, "from views of (32, 32, 1)", "has 8³ and (32, 32, 3)")


def test_images_of_an_archive_keep_theirs(run, tmp_path):
    views = pathlib.Path(shutil.copytree(DUMMY / "views", tmp_path / "views"))
    for number, path in enumerate(sorted(views.rglob("*.png"))):
        tint(path, (1, 0.5, number / 10))
    where = (f"--voxels={DUMMY / 'voxels'}", f"--views={views}")
    for name, more in (("grey", []), ("colour", ["--channels=3"])):
        succeed(run("archive", *where, f"--output={tmp_path / name}", *more))
    for split in SPLITS:
        three = assert_grey_of(tmp_path / "colour", tmp_path / "grey", split, 4, 16)
        assert np.ptp(three.views, axis=-1).max() > 20
    assert list(tmp_path.glob("colour/voxel_view_archive/all_r4_v*_rgb"))


@pytest.fixture
def meshes(tmp_path):
    """A folder of one shape of each kind that has colours, and of one that has none."""
    folder = tmp_path / "meshes"
    folder.mkdir()
    vertices = "".join(f"v {corner}\n" for corner in CORNERS)
    faces = "".join(f"f {face}\n" for face in FACES)
    text = f"mtllib a%20b/red.mtl\n{vertices}usemtl red\n{faces}"
    (folder / "a b").mkdir()
    (folder / "a b" / "red.mtl").write_text("newmtl red\nKd 1 0.25 0\n")
    (folder / "obj.obj").write_text(text)
    counted = [" ".join(str(int(i) - 1) for i in face.split()) for face in FACES]
    for name, colour in (("off", " 0 0 255"), ("plain", "")):
        lines = "\n".join([*CORNERS, *(f"3 {face}{colour}" for face in counted)])
        (folder / f"{name}.off").write_text(f"OFF\n4 4 0\n{lines}\n")
    mesh = trimesh.creation.box((1, 2, 3))
    mesh.visual.vertex_colors = (0, 255, 0, 255)
    mesh.export(folder / "ply.ply")
    material = trimesh.visual.material.PBRMaterial(baseColorFactor=(0, 255, 255, 255))
    mesh.visual = trimesh.visual.TextureVisuals(material=material)
    mesh.export(folder / "glb.glb")
    return folder


def of_meshes(folder, output, *more):
    small = ("--resolution=8", "--image_size=32", "--num_views=2")
    return ("meshes", f"--input={folder}", f"--output={output}", *small, *more)


def test_meshes_are_rendered_in_their_plain_colours(meshes, run, tmp_path):
    for name, more in (("grey", []), ("colour", ["--channels=3"])):
        succeed(run(*of_meshes(meshes, tmp_path / name, *more)))
    found = {}
    for split in SPLITS:
        one, three = (
            open_split(tmp_path / name, split, 8, 32, channels=channels)
            for name, channels in (("grey", 1), ("colour", 3))
        )
        assert one.names == three.names
        np.testing.assert_array_equal(one.voxels, three.voxels)
        pairs = zip(one.views, three.views, strict=True)
        found |= dict(zip(one.names, pairs, strict=True))
    shares = {"obj": (1, 0.25, 0), "off": (0, 0, 1), "plain": (1, 1, 1)}
    shares |= {"ply": (0, 1, 0), "glb": (0, 1, 1)}
    assert set(found) == set(shares)
    for name, (grey, colour) in found.items():
        inside = grey[..., 0] < 200  # edges are partly white
        expected = grey[inside] * np.array(shares[name])
        assert inside.any()
        # Two faces that meet in a pixel are averaged before they are rounded.
        np.testing.assert_allclose(
            np.median(colour[inside] - expected, axis=0), 0, atol=1, err_msg=name
        )
    grey, colour = found["plain"]
    np.testing.assert_array_equal(colour, np.repeat(grey, 3, axis=-1))


def test_materials_belong_to_the_files_of_a_data_set(meshes, run, tmp_path):
    made = run(*of_meshes(meshes, tmp_path / "a", "--channels=3"))
    succeed(made)
    again = run(*of_meshes(meshes, tmp_path / "a", "--channels=3"))
    assert again.stdout == made.stdout
    materials = meshes / "a b" / "red.mtl"
    materials.write_text("newmtl red\nKd 0 0.25 1.0\n")
    changed = run(*of_meshes(meshes, tmp_path / "a", "--channels=3"))
    assert_error(changed, "made with other settings or files: listing")
    # Another folder: what is in one is found once in a process.
    meshes = shutil.copytree(meshes, tmp_path / "copy", ignore=lambda *_: ["red.mtl"])
    left_out = run(*of_meshes(meshes, tmp_path / "b", "--channels=3"))
    succeed(left_out)
    told = (
        "obj.obj: it refers to a%20b/red.mtl, which is not in the archive; add it, or"
    )
    assert told in left_out.stdout
    for more in (["--no-views", "--channels=3"], []):  # no colours, no materials
        whole = run(*of_meshes(meshes, tmp_path / f"c{len(more)}", *more))
        succeed(whole)
        assert "red.mtl" not in whole.stdout


@pytest.mark.slow
def test_from_meshes_in_colour_to_shapes(tmp_path):
    """Every command on the way, as people type them."""

    def do(*arguments):
        made = preloaded.run(*map(str, arguments))
        assert made.returncode == 0, made.stderr
        return made.stdout

    folder = tmp_path / "meshes"
    folder.mkdir()
    for number in range(12):
        mesh = build_chair(sample_parameters(number))
        mesh.visual.vertex_colors = (20 * number, 255 - 20 * number, 90, 255)
        mesh.export(folder / f"chair_{number:02d}.ply")
    data, packed, workdir = (tmp_path / name for name in ("data", "a.npz", "run"))
    prepare = "scripts/prepare_data.py"
    do(prepare, *of_meshes(folder, data, "--channels=3", "--num_views=3"))
    do(prepare, "pack", "--data_dir", data, "--output", packed, "--image_size=32")
    training = (
        *("scripts/train.py", "--config=configs/mv_vae_gan.py:demo", *TINY_FLAGS),
        *("--config.train.num_steps=4", f"--workdir={workdir}"),
        *("--config.augmentation.contrast=0.3", "--config.augmentation.zoom=0.1"),
    )
    grey = preloaded.run(*training, f"--config.data.dir={data}")
    assert grey.returncode == 0, grey.stderr  # which reads the colours as grey
    shutil.rmtree(workdir)
    training += ("--config.model.image_channels=3",)
    do(*training, f"--config.data.dir={packed}")
    do(*training, f"--config.data.dir={data}", "--config.train.num_steps=6")
    report = ("--draws=1", "--sets=1", f"--output={tmp_path / 'report'}")
    do("scripts/evaluate.py", f"--workdir={workdir}", "--split=test", *report)
    pictures = [make_picture(tmp_path / f"in/{i}.png", i) for i in range(2)]
    using = ("--workdir", workdir, "--output")
    do("scripts/reconstruct.py", *using, tmp_path / "made", "--views", *pictures)
    do("scripts/export.py", *using, tmp_path / "exported")
    do("scripts/sample.py", *using, tmp_path / "like", f"--like={packed}")
    one_channel = tmp_path / "grey.npz"
    write_packed(one_channel, make_examples(num_views=3), ("train", "validation"))
    other = f"--workdir={tmp_path / 'other'}"
    refused = preloaded.run(*training, other, f"--config.data.dir={one_channel}")
    assert_error(refused, "of 1 channel, grey", "image_channels is 3", "--channels=3")
