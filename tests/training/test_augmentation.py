import jax
import jax.numpy as jnp
import numpy as np
import pytest
import trimesh
from ml_collections import ConfigDict

from vaegan_jax.config.reference import reference_config
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.render import render_views
from vaegan_jax.shapes.voxelize import voxelize
from vaegan_jax.training.augmentation import augment

COUNT, SIDE = 16, 32


def options(**changes) -> ConfigDict:
    config = reference_config("mv_vae_gan").augmentation
    config.update(changes)
    return config


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    voxels = rng.random((COUNT, 8, 8, 8)) < 0.2
    views = rng.integers(0, 256, (COUNT, 3, SIDE, SIDE, 1), np.uint8)
    return {"voxels": jnp.asarray(voxels, jnp.uint8), "views": jnp.asarray(views)}


def squares(grey=55) -> jax.Array:
    """White views with a square of 16² pixels in the middle."""
    views = np.full((COUNT, 3, SIDE, SIDE, 1), 255, np.uint8)
    views[:, :, 8:24, 8:24] = grey
    return jnp.asarray(views)


def test_the_reference_changes_nothing(batch):
    batch["targets"] = batch["voxels"] + 5
    changed = augment(jax.random.key(0), batch, options())
    for name, array in batch.items():
        np.testing.assert_array_equal(changed[name], array)


def test_all_channels_of_a_view_change_alike(batch):
    chosen = options(mirror=True, zoom=0.2, shift=0.1, contrast=0.5)
    grey = batch["views"]
    colour = jnp.concatenate([grey, 255 - grey, grey // 2], axis=-1)
    changed = augment(jax.random.key(3), batch | {"views": colour}, chosen)["views"]
    assert changed.shape == colour.shape and changed.dtype == jnp.uint8
    for channel in range(3):
        alone = batch | {"views": colour[..., channel : channel + 1]}
        expected = augment(jax.random.key(3), alone, chosen)["views"][..., 0]
        np.testing.assert_array_equal(changed[..., channel], expected)


def test_a_shape_is_mirrored_with_all_its_views_or_not_at_all(batch):
    batch["targets"] = 3 * batch["voxels"]
    changed = augment(jax.random.key(0), batch, options(mirror=True))
    np.testing.assert_array_equal(changed["targets"], 3 * changed["voxels"])
    mirrored = 0
    for i in range(COUNT):
        flipped = (changed["voxels"][i] != batch["voxels"][i]).any()
        if flipped:
            np.testing.assert_array_equal(
                changed["voxels"][i], batch["voxels"][i, ::-1]
            )
        expected = batch["views"][i, :, :, ::-1] if flipped else batch["views"][i]
        np.testing.assert_array_equal(changed["views"][i], expected)
        mirrored += int(flipped)
    assert 0 < mirrored < COUNT


def test_a_mirrored_chair_is_seen_so_from_the_mirrored_azimuth():
    """Voxels and views of the mirrored mesh are our mirror images of the mesh's own."""
    parts = [  # of odd sizes, whose faces lie within cells
        trimesh.creation.box((0.47, 0.53, 0.11)),
        trimesh.creation.box((0.09, 0.12, 0.51)).apply_translation((0.2, 0.17, -0.2)),
        trimesh.creation.box((0.1, 0.31, 0.29)).apply_translation((-0.21, 0.1, 0.2)),
    ]
    mesh = trimesh.util.concatenate(parts)
    other = mesh.copy().apply_scale((-1, 1, 1))
    grid, expected_grid = (voxelize(m, 16, solid=True) for m in (mesh, other))
    camera = Camera(num_views=6)
    views, expected = (render_views(m, camera, SIDE) for m in (mesh, other))
    batch = {
        "voxels": jnp.asarray(np.stack([grid] * COUNT), jnp.uint8),
        "views": jnp.asarray(np.stack([np.stack(views)] * COUNT)[..., None]),
    }
    changed = augment(jax.random.key(0), batch, options(mirror=True))
    which = int((changed["voxels"] != batch["voxels"]).any((1, 2, 3)).argmax())
    np.testing.assert_array_equal(changed["voxels"][which], expected_grid)
    seen = np.asarray(changed["views"][which, ..., 0], int)
    there = -np.arange(6) % 6  # the view from azimuth -a
    differing = abs(seen - np.stack(expected)[there]) > 40
    assert differing.mean() < 0.01  # pixels on edges
    assert (abs(seen - np.stack(expected)) > 40).mean() > 0.03


def test_zoom_scales_what_is_in_the_middle(batch):
    batch |= {"views": squares()}
    changed = augment(jax.random.key(0), batch, options(zoom=0.25))["views"]
    areas = (255 - np.asarray(changed, float)).sum((2, 3, 4)) / 200 / 16**2
    assert 0.75**2 - 0.02 < areas.min() < 0.8
    assert 1.25 < areas.max() < 1.25**2 + 0.02
    assert np.unique(areas.round(3)).size > COUNT  # each view by itself
    # In the middle it stays: the ink's centre of mass.
    ink = 255 - np.asarray(changed[..., 0], float)
    for axis in (2, 3):
        place = np.arange(SIDE) + 0.5
        along = ink.sum(5 - axis) @ place / ink.sum((2, 3))
        np.testing.assert_allclose(along, SIDE / 2, atol=0.05)


def test_shift_moves_and_white_comes_in(batch):
    batch |= {"views": squares()}
    changed = augment(jax.random.key(0), batch, options(shift=0.125))["views"]
    ink = 255 - np.asarray(changed[..., 0], float)
    np.testing.assert_allclose(ink.sum((2, 3)), 200 * 16**2, rtol=0.01)
    place = np.arange(SIDE) + 0.5
    moved = ink.sum(2) @ place / ink.sum((2, 3)) - SIDE / 2
    assert -4.05 < moved.min() < -2 and 2 < moved.max() < 4.05


def test_contrast_changes_the_ink_and_leaves_white_white(batch):
    batch |= {"views": squares(grey=155)}
    changed = augment(jax.random.key(0), batch, options(contrast=0.3))["views"]
    assert (np.asarray(changed)[:, :, :8] == 255).all()
    ink = 255 - np.asarray(changed, float)[:, :, 16, 16, 0]
    assert 69 < ink.min() < 80 and 120 < ink.max() < 131


def test_the_background_becomes_grey_and_what_is_darker_stays(batch):
    batch |= {"views": squares(grey=155)}
    changed = augment(jax.random.key(0), batch, options(background=0.12))["views"]
    changed = np.asarray(changed[..., 0])
    greys = changed[:, :, 0, 0]
    assert 224 <= greys.min() < 230 and 250 < greys.max() <= 255  # 255 × .88 is 224.4
    assert len(np.unique(greys)) > COUNT / 2  # each view by itself
    expected = np.where(squares()[..., 0] == 255, greys[..., None, None], 155)
    np.testing.assert_array_equal(changed, expected)
    # What is lighter than the background is not seen before it.
    batch |= {"views": squares(grey=240)}
    lost = augment(jax.random.key(0), batch, options(background=0.12))["views"]
    np.testing.assert_array_equal(
        lost[:, :, 12, 12, 0], np.minimum(greys, 240, dtype=np.uint8)
    )


def test_outlines_move_by_less_than_a_pixel_in_all_views_of_a_shape(batch):
    batch |= {"views": squares()}
    changed = augment(jax.random.key(0), batch, options(outline=0.8))["views"]
    ink = (255 - np.asarray(changed[..., 0], float)) / 200
    np.testing.assert_array_equal(ink, np.broadcast_to(ink[:, :1], ink.shape))
    wider = (ink[:, 0, 16].sum(-1) - 16) / 2
    assert -0.4 <= wider.min() < -0.2 and 0.6 < wider.max() <= 0.8
    beside, outermost, corner = ink[:, 0, 16, 7], ink[:, 0, 16, 8], ink[:, 0, 7, 7]
    np.testing.assert_allclose(beside, np.maximum(wider, 0), atol=0.005)
    np.testing.assert_allclose(outermost, 1 + np.minimum(wider, 0), atol=0.005)
    assert not corner.any() and (ink[:, 0, 9:23, 9:23] == 1).all()


def test_what_comes_in_from_outside_has_the_background_too(batch):
    batch |= {"views": squares()}
    changes = {"shift": 0.3, "zoom": 0.1, "contrast": 0.1}
    plain = augment(jax.random.key(0), batch, options(**changes))["views"]
    both = augment(jax.random.key(0), batch, options(**changes, background=0.3))
    grey = np.asarray(both["views"]).max((2, 3), keepdims=True)
    assert (grey < 255).any()
    # Nothing else is drawn otherwise because of it.
    np.testing.assert_array_equal(both["views"], np.minimum(plain, grey))


def test_shapes_without_views_are_mirrored():
    voxels = jnp.zeros((COUNT, 4, 4, 4), jnp.uint8).at[:, 0].set(1)
    changed = augment(jax.random.key(0), {"voxels": voxels}, options(mirror=True))
    assert set(changed) == {"voxels"}
    first = np.asarray(changed["voxels"][:, 0, 0, 0])
    assert 0 < first.sum() < COUNT


def test_cameras_see_what_became_of_the_views(batch):
    cameras = jnp.tile(jnp.array([40.0, 20.0, 2.5, 30.0]), (COUNT, 3, 1))
    plain = augment(jax.random.key(0), batch | {"cameras": cameras}, options())
    np.testing.assert_array_equal(plain["cameras"], cameras)
    told = options(mirror=True, zoom=0.25)
    batch = batch | {"views": squares(), "cameras": cameras}
    changed = augment(jax.random.key(0), batch, told)
    flipped = (changed["voxels"] != batch["voxels"]).any((1, 2, 3))
    np.testing.assert_array_equal(
        changed["cameras"][..., 0], np.where(flipped, -40.0, 40.0)[:, None] * np.ones(3)
    )
    np.testing.assert_array_equal(changed["cameras"][..., 1:3], cameras[..., 1:3])
    # A point at the edge of the square is seen where that edge is now.
    half, before = (
        np.tan(np.deg2rad(c[..., 3]) / 2) for c in (changed["cameras"], cameras)
    )
    ink = (255 - np.asarray(changed["views"], float)).sum((2, 3, 4)) / 200
    np.testing.assert_allclose(before / half, np.sqrt(ink) / 16, rtol=0.01)
