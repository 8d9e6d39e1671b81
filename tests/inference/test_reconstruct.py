"""Pictures to shapes, and from where these were taken."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.helpers import REFINER
from tests.using import make_model, make_picture
from vaegan_jax.errors import UserError
from vaegan_jax.inference.camera_estimates import CameraEstimator
from vaegan_jax.inference.reconstruct import Written, reconstruct_pictures
from vaegan_jax.inference.shape_files import ShapeWriter
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.drawing import draw_voxels

WRITER = ShapeWriter(formats=("npz",))


@pytest.fixture(scope="module")
def model():
    return make_model("mv_vae_gan")


@pytest.fixture
def pictures(tmp_path):
    return {"a": [make_picture(tmp_path / f"in/{i}.png", i) for i in range(3)]}


def told(folder):
    (cameras,) = json.loads((folder / "cameras.json").read_text()).values()
    return cameras


def test_cameras_are_told_and_known_ones_stay(model, pictures, tmp_path):
    reconstruct_pictures(model, pictures, tmp_path / "a", WRITER)
    cameras = told(tmp_path / "a")
    assert [one["picture"] for one in cameras] == ["0.png", "1.png", "2.png"]
    for one in cameras:
        assert not one["known"] and 0 <= one["overlap"] <= 1
        assert 0.5 <= one["confidence"] <= 1 and "azimuth_degrees" in one["otherwise"]
    known = {"a": {"1.png": ViewCamera(123.0, -7.5)}}
    reconstruct_pictures(model, pictures, tmp_path / "b", WRITER, cameras=known)
    after = told(tmp_path / "b")
    assert [one["known"] for one in after] == [False, True, False]
    assert after[1]["azimuth_degrees"] == 123 and after[1]["elevation_degrees"] == -7.5
    assert after[0]["azimuth_degrees"] == cameras[0]["azimuth_degrees"]
    assert "otherwise" not in after[1]


@pytest.mark.parametrize("heads", [False, True])
def test_the_shape_is_what_the_model_makes_of_the_pictures(pictures, tmp_path, heads):
    fields = {"model.azimuths": 3, "model.view_encoding": "fold_joint"} if heads else {}
    model = make_model("mv_vae_gan", **fields)
    if heads:  # which differ little before training
        params = model.variables["encoder"]["params"]
        params["heads"] = 1e4 * params["heads"]
    known = {"a": {"1.png": ViewCamera(123.0, -7.5)}}
    reconstruct_pictures(model, pictures, tmp_path / "a", WRITER, cameras=known)
    with np.load(tmp_path / "a/a.npz") as file:
        made = file["voxels"]
    cameras = np.full((1, 3, 4), np.nan)
    cameras[0, 1] = known["a"]["1.png"].numbers
    expected = model.reconstruct([pictures["a"]], cameras)[0]
    np.testing.assert_allclose(made, expected, atol=1e-6)
    unknown = model.reconstruct([pictures["a"]])[0]
    assert np.allclose(made, unknown, atol=1e-6) != heads


def test_what_a_refiner_adds_is_shown_beside_what_it_is_given(pictures, tmp_path):
    model = make_model("mv_vae_gan", **REFINER)
    known = {"a": {"1.png": ViewCamera(123.0, -7.5)}}
    out = tmp_path / "a"
    # Of the untrained one little may be above its own threshold.
    writer = ShapeWriter(formats=("npz",), threshold=0.05)
    told = reconstruct_pictures(model, pictures, out, writer, cameras=known)
    assert told == {"a": Written(empty=False, known=1, estimated=2)}
    with np.load(out / "a.npz") as file:
        made = file["voxels"]
    fitted = model.fit(pictures["a"])
    numbers = np.full((3, 4), np.nan)
    numbers[1] = known["a"]["1.png"].numbers
    expected = model.reconstruct_fitted(fitted, numbers)
    np.testing.assert_allclose(made, expected.shape, atol=1e-6)
    views = np.stack([one.view for one in fitted])
    alone = model.decode(model.encode(views[None]))[0]
    np.testing.assert_allclose(expected.of_generator, alone, atol=1e-6)
    assert not np.allclose(expected.shape, alone, atol=1e-3)
    with Image.open(out / "a.png") as picture:
        drawn = np.asarray(picture)
    assert drawn.shape[:2] == (22 + 3 * 164 + 4, 3 * 164 + 4)
    # Of the second picture, whose tiles have no text on them.
    for row, grid in ((1, alone > 0.05), (2, made > 0.05)):
        tile = drawn[22 + 4 + row * 164 :, 4 + 164 :][:160, :160]
        np.testing.assert_array_equal(tile, draw_voxels(grid, 160, 123.0, -7.5))


def test_a_ring_is_told_as_one(model, pictures, tmp_path):
    reconstruct_pictures(model, pictures, tmp_path / "a", WRITER, ring=True)
    cameras = told(tmp_path / "a")
    steps = np.diff([one["azimuth_degrees"] for one in cameras]) % 360
    assert np.allclose(steps, 120, atol=0.01) or np.allclose(steps, 240, atol=0.01)
    others = np.diff([one["otherwise"]["azimuth_degrees"] for one in cameras]) % 360
    np.testing.assert_allclose(others, (-steps) % 360, atol=0.2)


def test_what_cannot_be_is_refused_before_anything_is_written(
    model, pictures, tmp_path, monkeypatch
):
    def refused(**given):
        with pytest.raises(UserError) as raised:
            reconstruct_pictures(model, pictures, tmp_path / "out", WRITER, **given)
        assert not (tmp_path / "out").exists()
        return str(raised.value)

    camera = ViewCamera()
    known = {"chair": {"0.png": camera}}
    assert "of 'chair', but the shapes are: a" in refused(cameras=known)
    known = {"a": {"0.png": camera}}
    assert "give --cameras or --ring" in refused(cameras=known, ring=True)
    pictures["b"] = pictures["a"][:2]
    assert "b has 2 pictures, and a ring 3 or more" in refused(ring=True)

    def fail(self, view):
        raise UserError("of this one nothing is told")

    monkeypatch.setattr(CameraEstimator, "estimate", fail)
    assert "nothing is told" in refused()


def test_models_with_heads_take_known_cameras():
    heads = {"model.azimuths": 3, "model.view_encoding": "fold_joint"}
    model = make_model("mv_vae_gan", **heads)
    views = np.full((2, 3, 32, 32, 1), 255, np.uint8)
    views[:, :, 8:24, 8:24] = np.arange(6).reshape(2, 3, 1, 1, 1) * 30
    cameras = np.full((2, 3, 4), np.nan)
    unknown = model.encode(views)
    np.testing.assert_array_equal(model.encode(views, cameras), unknown)
    cameras[0] = np.array(
        [[0, 30, 2.6, 24.5], [120, 30, 2.6, 24.5], [240, 30, 2.6, 24.5]]
    )
    known = model.encode(views, cameras)
    assert not np.allclose(known[0], unknown[0], rtol=1e-3)
    np.testing.assert_allclose(known[1], unknown[1], rtol=1e-5)
    shapes = model.reconstruct(views, cameras)
    np.testing.assert_array_equal(shapes, model.decode(known))
    for wrong in (cameras[:1], cameras[:, :2], cameras[..., :3]):
        with pytest.raises(
            UserError, match=r"cameras are \(.*; give \(2, 3, 4\), four"
        ):
            model.encode(views, wrong)
    with pytest.raises(UserError, match="cameras are no array of numbers"):
        model.encode(views, [["a", "b"], ["c"]])
