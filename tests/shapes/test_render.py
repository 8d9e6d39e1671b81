import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.first_hits import first_hits
from vaegan_jax.shapes.meshes import boxes_mesh
from vaegan_jax.shapes.render import average_blocks, render_views
from vaegan_jax.shapes.voxelize import voxelize


def silhouettes(grid, side, camera, image_size):
    """What the voxels hide (v, h, w), in a cube of this side around the origin."""
    mesh = boxes_mesh(grid).apply_scale(side)
    hits = []
    for one in camera.views():
        hit = first_hits(mesh, one, image_size).hit
        hits.append(hit.reshape(image_size, image_size))
    return np.stack(hits)


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def asymmetric_mesh():
    seat = trimesh.creation.box(bounds=[[-0.4, -0.4, 0.3], [0.4, 0.4, 0.4]])
    back = trimesh.creation.box(bounds=[[-0.4, 0.3, 0.4], [0.4, 0.4, 1.0]])
    leg = trimesh.creation.box(bounds=[[0.2, -0.4, 0.0], [0.4, -0.2, 0.3]])
    return trimesh.util.concatenate([seat, back, leg])


def test_format_and_background():
    views = render_views(asymmetric_mesh(), Camera(num_views=3), 40)
    assert views.shape == (3, 40, 40)
    assert views.dtype == np.uint8
    assert (views[:, 0] == 255).all() and (views[:, :, -1] == 255).all()
    assert 0.05 < (views < 250).mean() < 0.6


def test_silhouettes_of_voxels_fall_on_the_views():
    mesh = asymmetric_mesh()
    camera = Camera(num_views=4)
    seen = render_views(mesh, camera, 96) < 255
    grid = voxelize(mesh, 64)
    side = mesh.extents.max() / np.linalg.norm(mesh.extents)
    hidden = silhouettes(grid, side, camera, 96)
    assert overlap(seen, hidden) > 0.95
    assert overlap(seen, silhouettes(grid[::-1], side, camera, 96)) < 0.93
    assert overlap(seen, silhouettes(grid[:, ::-1], side, camera, 96)) < 0.7


def test_silhouettes_of_real_voxels_fall_on_their_views(real_chairs):
    camera = Camera()
    for grid, views in real_chairs:
        filled = np.argwhere(grid)
        extents = np.ptp(filled, axis=0) + 1
        side = len(grid) / np.linalg.norm(extents)
        seen = views[:, ::2, ::2] < 250
        scores = [
            overlap(seen, silhouettes(turned, side, camera, 112))
            for turned in (grid, *(np.rot90(grid, k) for k in (1, 2, 3)))
        ]
        assert scores[0] > 0.75, scores
        assert scores[0] > max(scores[1:]) + 0.05, scores


@pytest.mark.parametrize("name", ["chair_0001", "chair_0002", "chair_high_detail"])
@pytest.mark.parametrize("solid", [False, True], ids=["surface", "solid"])
def test_silhouettes_of_our_voxels_fall_on_our_views(real_data, name, solid):
    mesh = trimesh.load(real_data / "off" / f"{name}.off", process=False)
    camera = Camera(num_views=4)
    seen = render_views(mesh, camera, 112) < 250
    grid = voxelize(mesh, 64, solid)
    side = mesh.extents.max() / np.linalg.norm(mesh.extents)
    scores = [
        overlap(seen, silhouettes(turned, side, camera, 112))
        for turned in (grid, *(np.rot90(grid, k) for k in (1, 2, 3)))
    ]
    assert scores[0] > 0.7, scores
    assert scores[0] > max(scores[1:]) + 0.05, scores


def test_our_views_of_a_real_mesh_are_those_of_the_archive(real_data, real_chairs):
    mesh = trimesh.load(real_data / "off" / "chair_0002.off", process=False)
    ours = render_views(mesh, image_size=224) < 250
    assert overlap(ours, real_chairs[0][1] < 250) > 0.85


def test_neither_scale_place_nor_winding_matters():
    mesh = asymmetric_mesh()
    other = trimesh.Trimesh(mesh.vertices * 1e4 + 5e4, mesh.faces[:, ::-1])
    camera = Camera(num_views=2)
    a, b = (render_views(m, camera, 32).astype(int) for m in (mesh, other))
    assert np.abs(a - b).max() <= 2


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e9, 1e200])
def test_extreme_scales(scale):
    mesh = asymmetric_mesh()
    other = trimesh.Trimesh(mesh.vertices * scale, mesh.faces, process=False)
    camera = Camera(num_views=2)
    a, b = (render_views(m, camera, 32).astype(int) for m in (mesh, other))
    assert np.abs(a - b).max() <= 2


def test_what_has_no_area_or_no_face_changes_nothing():
    mesh = asymmetric_mesh()
    last = len(mesh.vertices)
    vertices = np.concatenate([mesh.vertices, [[np.nan, 0, 0], [90, 0, 0]]])
    degenerate = np.array([[0, 0, 0], [1, 1, 2], [3, 7, 3]])
    faces = np.concatenate([mesh.faces, degenerate])
    assert faces.max() < last
    other = trimesh.Trimesh(vertices, faces, process=False)
    camera = Camera(num_views=2)
    a, b = (render_views(m, camera, 32) for m in (mesh, other))
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(voxelize(other, 16), voxelize(mesh, 16))


def test_any_number_of_views_elevation_distance_and_size():
    camera = Camera(num_views=5, elevation_degrees=-20.0, distance=5.2)
    views = render_views(asymmetric_mesh(), camera, 50)
    assert views.shape == (5, 50, 50)
    near = render_views(asymmetric_mesh(), Camera(5, -20.0), 50)
    assert 3 < (near < 255).sum() / (views < 255).sum() < 5  # twice as far


def test_edges_are_antialiased():
    slab = trimesh.creation.box(bounds=[[-1, -0.1, -1], [1, 0.1, 1]])
    slab.apply_transform(trimesh.transformations.rotation_matrix(0.1, [0, 1, 0]))
    view = render_views(slab, Camera(1, 0.0), 64)[0].astype(int)
    inside = view[32, 32]
    between = (view > inside + 15) & (view < 240)
    assert between.sum() > 20
    hard = render_views(slab, Camera(1, 0.0), 64, supersample=1)[0].astype(int)
    assert ((hard > inside + 15) & (hard < 240)).sum() == 0


def test_views_go_round_counter_clockwise():
    # A pole at the front right corner of a plate: right of the middle from the front,
    # then, from +x, +y and −x, left, left and right again.
    plate = trimesh.creation.box(bounds=[[-0.5, -0.5, 0], [0.5, 0.5, 0.02]])
    pole = trimesh.creation.box(bounds=[[0.4, -0.5, 0], [0.5, -0.4, 1.6]])
    views = render_views(
        trimesh.util.concatenate([plate, pole]), Camera(num_views=4), 64
    )
    top = (views < 255)[:, :24]
    middles = [np.nonzero(view)[1].mean() for view in top]
    assert [middle > 31.5 for middle in middles] == [True, False, False, True]


def test_antialiasing_averages_rays():
    image = np.arange(16.0).reshape(4, 4)
    np.testing.assert_allclose(average_blocks(image, 2), [[2.5, 4.5], [10.5, 12.5]])


@pytest.mark.parametrize(
    "vertices, faces, message",
    [
        (np.zeros((0, 3)), np.zeros((0, 3), int), "no faces"),
        (np.zeros((3, 3)), [[0, 1, 2]], "single point"),
        ([[0, 0, np.nan], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]], "non-finite"),
        ([[0, 0, 0], [1, 0, 0], [3, 0, 0]], [[0, 1, 2]], "has an area"),
    ],
)
def test_unusable_meshes_are_refused(vertices, faces, message):
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    with pytest.raises(ValueError, match=message):
        render_views(mesh)
    with pytest.raises(ValueError, match=message):
        voxelize(mesh)
