"""Pictures of every kind become the view that training would have seen."""

import numpy as np
import pytest
from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.meshes import boxes_mesh
from vaegan_jax.shapes.pictures.fitting import fit_picture
from vaegan_jax.shapes.pictures.sets import picture_sets
from vaegan_jax.shapes.render import render_views


@pytest.fixture
def view(corner_grid) -> np.ndarray:
    """A view as in training, (128, 128)."""
    return render_views(boxes_mesh(corner_grid), Camera(num_views=5), 128)[1]


def object_box(view):
    """Centre (row, column) and diagonal of what is not white, in sides of the view."""
    rows, columns = (np.nonzero((view[..., 0] < 243).any(a))[0] for a in (1, 0))
    size = np.array([np.ptp(rows) + 1, np.ptp(columns) + 1])
    centre = np.array([rows[0], columns[0]]) + size / 2
    return centre / len(view), np.hypot(*size) / len(view)


def test_a_view_of_training_is_only_resized(view):
    np.testing.assert_array_equal(fit_picture(view, 128)[..., 0], view)
    means = view.reshape(64, 2, 64, 2).mean((1, 3))
    assert np.abs(fit_picture(view, 64)[..., 0] - means).max() <= 1


@pytest.mark.parametrize("zoom, corner", [(1.0, (300, 20)), (2.3, (10, 150))])
def test_objects_anywhere_at_any_size_get_the_framing_of_training(view, zoom, corner):
    sheet = Image.new("L", (640, 900), 255)
    size = round(128 * zoom)
    sheet.paste(Image.fromarray(view).resize((size, size)), corner)
    fitted = fit_picture(sheet, 128)
    centre, diagonal = object_box(fitted)
    np.testing.assert_allclose(centre, (0.525, 0.5), atol=0.015)
    assert diagonal == pytest.approx(0.9, abs=0.03)
    seen = object_box(view[..., None])
    assert seen[1] == pytest.approx(0.9, abs=0.15)  # the same object, as it was


def test_kept_framing_pads_to_a_square_with_white(view):
    wide = np.pad(view, ((0, 0), (64, 64)), constant_values=255)
    fitted = fit_picture(wide, 64, keep_framing=True)
    half = object_box(view[..., None])[1] / 2
    assert object_box(fitted)[1] == pytest.approx(half, abs=0.03)


@pytest.mark.parametrize("background", [(0, 0, 0), (30, 90, 200), (250, 250, 250)])
def test_plain_backgrounds_become_white(view, background):
    colour = np.stack([view, view, view], -1)
    colour[view == 255] = background
    fitted = fit_picture(colour, 128)[..., 0]
    assert (fitted[view == 255] == 255).all()
    inside = view < 200
    assert np.abs(fitted[inside].astype(int) - view[inside]).mean() < 12


def test_transparency_becomes_white_whatever_colour_it_hides(view):
    rgba = np.dstack([view, view, view, np.where(view < 255, 255, 0)])
    rgba[view == 255, :3] = 17
    np.testing.assert_array_equal(fit_picture(rgba.astype(np.uint8), 128)[..., 0], view)


def test_all_kinds_of_files_give_the_same_view(view, tmp_path):
    image = Image.fromarray(view)
    image.save(tmp_path / "grey.png")
    image.convert("RGB").save(tmp_path / "colour.png")
    image.convert("P").save(tmp_path / "palette.gif")
    image.convert("1", dither=Image.Dither.NONE).convert("L").save(tmp_path / "x.bmp")
    Image.fromarray(view.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    image.convert("CMYK").save(tmp_path / "cmyk.tif")
    image.rotate(-90).save(tmp_path / "turned.png", exif=_orientation(8))
    for name in ("grey", "colour", "deep", "turned"):
        fitted = fit_picture(tmp_path / f"{name}.png", 128)
        np.testing.assert_array_equal(fitted[..., 0], view, name)
    image.save(tmp_path / "photo.jpg", quality=95)
    for name in ("photo.jpg", "palette.gif", "cmyk.tif"):
        fitted = fit_picture(tmp_path / name, 128)[..., 0]
        assert np.abs(fitted.astype(int) - view).mean() < 2, name


def _orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def test_specks_do_not_move_the_frame(view):
    sheet = np.full((600, 400), 255, np.uint8)
    sheet[300:428, 100:228] = view
    clean = fit_picture(sheet, 64)
    sheet[5, 5] = 0
    np.testing.assert_array_equal(fit_picture(sheet, 64)[8:], clean[8:])


def test_what_cannot_be_used_is_named(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    good = tmp_path / "cut.png"
    Image.new("L", (64, 64)).save(good)
    good.write_bytes(good.read_bytes()[:60])
    Image.new("RGB", (20, 20), (9, 9, 9)).save(tmp_path / "blank.png")
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "busy.png")
    for name, message in (
        ("text.png", "text.png cannot be read as a picture"),
        ("cut.png", "cut.png cannot be read as a picture"),
        ("blank.png", "blank.png is blank"),
        ("busy.png", "busy.png: the background is not plain"),
        ("none.png", "none.png cannot be read as a picture"),
    ):
        with pytest.raises(UserError, match=message):
            fit_picture(tmp_path / name, 32)


def test_sets_of_pictures(tmp_path):
    for name in ("a/view_10.png", "a/view_2.JPG", "a/notes.txt", "b/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    a, b = tmp_path / "a", tmp_path / "b"
    in_order = [a / "view_2.JPG", a / "view_10.png"]
    assert picture_sets([a]) == {"a": in_order}
    assert picture_sets([tmp_path]) == {"a": in_order, "b": [b / "1.png"]}
    assert picture_sets([b / "1.png"]) == {"1": [b / "1.png"]}
    assert picture_sets(in_order) == {"shape": in_order}
    for paths, message in (
        ([tmp_path / "none"], "does not exist"),
        ([tmp_path / "empty"], "holds no picture"),
        ([a, b], "one folder"),
        ([a, b / "1.png"], "one folder"),
    ):
        with pytest.raises(UserError, match=message):
            picture_sets(paths)
    (tmp_path / "stray.png").touch()
    with pytest.raises(UserError, match="pictures and folders"):
        picture_sets([tmp_path])
