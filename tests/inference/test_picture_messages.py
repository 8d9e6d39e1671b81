"""Every sentence that pictures and views can get a user: what was given, what is said.

Commands print a `UserError` after "error: " and exit with status 1, and warnings after
"warning: " with status 0 (tests/cli/test_using_commands.py).
"""

import pathlib
import warnings

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.ndimage
from PIL import Image

from tests.using import make_model
from vaegan_jax.errors import UserError
from vaegan_jax.inference.interpolate import find_latents
from vaegan_jax.inference.likeness import like_shapes_of
from vaegan_jax.inference.reconstruct import reconstruct_pictures
from vaegan_jax.inference.shape_files import ShapeWriter
from vaegan_jax.shapes.pictures.given_views import several_shapes
from vaegan_jax.shapes.pictures.sets import picture_sets


@pytest.fixture(scope="module")
def model():
    return make_model("mv_vae_gan")


def table_top(shade=(170, 80), background=255, place=(30, 40), size=(128, 128)):
    """A shaded cross, as an array."""
    picture = np.full(size, background, np.uint8)
    levels = np.linspace(*shade, 5).repeat(10).astype(np.uint8)[:, None]
    row, column = place
    shown = picture[row : row + 50, column + 15 : column + 35]
    shown[:] = levels[: len(shown)]
    picture[row + 15 : row + 35, column : column + 50] = levels[15:35]
    return picture


def write(path: pathlib.Path, content) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        Image.fromarray(content).save(path)
    return path


def noise(path):
    rng = np.random.default_rng(0)
    return write(path, rng.integers(0, 256, (40, 50, 3), np.uint8))


def cut_short(path):
    write(path, np.random.default_rng(0).integers(0, 256, (90, 90), np.uint8))
    return write(path, path.read_bytes()[:2000])


def tiff_of_nan(path):
    path = path.with_suffix(".tif")
    return write(path, np.full((9, 9), np.nan, np.float32))


def animation(path):
    path = path.with_suffix(".gif")
    frames = [Image.fromarray(table_top(place=(30, 30 + 9 * k))) for k in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return path


def framed_noise(path):
    rng = np.random.default_rng(0)
    return write(path, np.pad(rng.integers(90, 256, (90, 90), np.uint8), 2))


def sheet(path):
    """Cropped to a circle."""
    y, x = np.mgrid[:128, :128] - 63.5
    opacity = np.where(np.hypot(y, x) < 63, 255, 0).astype(np.uint8)
    return write(path, np.dstack([*[table_top(place=(39, 39))] * 3, opacity]))


def rectangle(path):
    picture = np.full((90, 90), 255, np.uint8)
    picture[30:70, 20:60] = np.linspace(90, 200, 40)
    return write(path, picture)


def gradient(path):
    slope = np.linspace(0, 60, 128)[None]
    return write(path, (table_top() - slope).clip(20, 255).astype(np.uint8))


def speckled(path):
    picture = table_top()
    picture[np.random.default_rng(0).random(picture.shape) < 0.02] = 90
    return write(path, picture)


def with_its_shadow(path):
    plain = table_top()
    moved = np.roll(plain, (8, 12), (0, 1)) < 255
    shadow = 255 - 90 * scipy.ndimage.gaussian_filter(moved.astype(float), 5)
    return write(path, np.where(plain < 255, plain, shadow).astype(np.uint8))


def dots(path):
    picture = np.full((400, 400), 255, np.uint8)
    picture[200:204, 200:204] = [[60], [90], [120], [150]]
    return write(path, picture)


REFUSED = {
    "no picture": (lambda p: write(p, b"text"), "cannot be read as a picture: it is"),
    "empty": (lambda p: write(p, b""), "cannot be read as a picture: it is none of"),
    "cut short": (cut_short, "cannot be read as a picture: "),
    "not finite": (tiff_of_nan, "holds values that are not finite; replace them"),
    "missing": (lambda p: p, "does not exist; give pictures or a folder of them"),
    "blank": (lambda p: write(p, np.full((9, 9), 255, np.uint8)), "is blank; give a"),
    "busy": (noise, "the background is not plain, so the object cannot be told"),
    "mask": (
        lambda p: write(p, (table_top((255, 255), 0))),
        "is a mask, an outline without shading, which the model needs; give the",
    ),
    "coloured mask": (lambda p: write(p, table_top((120, 120), 0)), "is a mask, an"),
    "black mask": (lambda p: write(p, (table_top((0, 0)))), "is a mask, an outline"),
    "all object": (framed_noise, "what is no background fills the picture, so no"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_pictures_that_are_refused(model, tmp_path, kind):
    make, message = REFUSED[kind]
    path = make(tmp_path / "a picture.png")
    with pytest.raises(UserError) as raised:
        pictures = picture_sets([path])
        reconstruct_pictures(model, pictures, tmp_path / "out", ShapeWriter())
    assert str(raised.value).startswith(str(path)) and message in str(raised.value)
    assert "\n" not in str(raised.value) and not (tmp_path / "out").exists()


WARNED = {
    "frames": (animation, "it has 3 frames, of which the first is taken"),
    "on black": (
        lambda p: write(p, table_top(background=0)),
        "its dark background becomes white; invert a negative first",
    ),
    "negative": (
        lambda p: write(p, 255 - table_top()),
        "it looks like a negative, so it is inverted",
    ),
    "flat": (
        lambda p: write(p, table_top((90, 90))),
        "the object has no shading, which the model takes the shape from",
    ),
    "light": (
        lambda p: write(p, table_top((228, 254), 60)),
        "the object is nearly white, so it is made darker",
    ),
    "sheet": (sheet, "what lies round the sheet that shows the object is left out"),
    "gradient": (gradient, "its background is uneven, so the object may be cut out"),
    "specks": (speckled, "% of what is no background are specks, as of noise"),
    "shadow": (with_its_shadow, "the object ends softly, as shadows do; cut a shadow"),
    "coarse": (
        lambda p: write(p, table_top()[::6, ::6]),
        "the object has fewer pixels than the model sees, 32 a side",
    ),
    "rectangle": (rectangle, "the object is a rectangle; if that is a sheet, cut it"),
    "cut off": (
        lambda p: write(p, table_top(place=(78, 40))),
        "the object reaches the bottom of the picture; if it is cut off there, give a",
    ),
}


@pytest.mark.parametrize("kind", WARNED)
def test_pictures_that_are_warned_of(model, tmp_path, kind):
    make, message = WARNED[kind]
    path = make(tmp_path / "a picture.png")
    with pytest.warns(UserWarning) as told:
        model.fit_views(path)
    told = [str(one.message) for one in told if one.category is UserWarning]
    assert all(one.startswith(str(path)) and "\n" not in one for one in told)
    assert any(message in one for one in told), told


def test_what_is_small_or_faint_where_the_framing_is_kept(model, tmp_path):
    path = dots(tmp_path / "a.png")
    with pytest.raises(UserError, match="the model would see nearly nothing, because"):
        model.fit_views(path, keep_framing=True)
    small = write(tmp_path / "b.png", table_top(size=(500, 500)))
    with pytest.warns(UserWarning, match=r"b.png: the object covers only 1\.0% of"):
        model.fit_views(small, keep_framing=True)


def test_a_good_picture_is_not_warned_of(model, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit_views(write(tmp_path / "a.png", table_top()))


def test_folders_of_pictures(tmp_path):
    picture = table_top()
    for name in ("a.png", "._a.png", ".ipynb_checkpoints/a-checkpoint.png", "b.avif"):
        write(tmp_path / "in" / name, picture if name == "a.png" else b"other")
    write(tmp_path / "in/Thumbs.db", b"")
    with pytest.warns(UserWarning) as told:
        sets = picture_sets([tmp_path / "in"])
    assert sets == {"in": [tmp_path / "in/a.png"]}
    told = sorted(str(one.message) for one in told)
    assert len(told) == 2
    assert told[0].startswith("ignored files, hidden or a system's own: 1 (")
    assert told[1].endswith("b.avif); save them as PNG or JPEG")
    (tmp_path / "in/a.png").unlink()
    with pytest.raises(UserError, match="in holds no picture; those of these kinds"):
        picture_sets([tmp_path / "in"])


def test_shapes_whose_files_would_have_one_name(model, tmp_path):
    pictures = {name: [table_top()] for name in ("a", "a_seen")}
    with pytest.raises(UserError, match=r"a_seen\.png would be written for the shapes"):
        reconstruct_pictures(model, pictures, tmp_path / "out", ShapeWriter())
    assert not (tmp_path / "out").exists()


def views(dtype, scale=1.0):
    seen = table_top()[::4, ::4]
    return (seen[None, None, ..., None] * scale).astype(dtype)


@pytest.mark.parametrize(
    "array, message",
    [
        (views(np.float32, 1 / 255), "views hold float32 from 0.* to 1; give uint8"),
        (jnp.asarray(views(np.float32, 1 / 255)), "views hold float32 from 0"),
        (views(np.uint8, 1 / 255), "views hold uint8 from 0 to 1; give uint8"),
        (views(np.float32) / 255 * 2 - 1, "views hold float32 from -.* to 1; give"),
        (views(np.float32, 1.37), "not whole numbers from 0 to 255; give uint8"),
        (views(np.uint16) * 257, "views hold uint16 from .* to 6.* not whole numbers"),
        (views(np.float32) * np.nan, "not whole numbers from 0 to 255"),
        (views(complex), "views are complex128; give uint8 from 0 to 255"),
        (views(np.uint8) > 3, "views are bool; give uint8 from 0 to 255"),
        (views(np.uint8)[0], r"views \(1, 32, 32, 1\) do not fit this model, which"),
        (views(np.uint8)[..., 0], r"\(shapes, views, 32, 32, 1\); `fit_views` makes"),
        (views(np.uint8).repeat(3, -1), r"views \(1, 1, 32, 32, 3\) do not fit"),
    ],
)
def test_arrays_of_views_that_are_refused(model, array, message):
    with pytest.raises(UserError, match=message):
        model.reconstruct(array)


def test_arrays_of_views_that_are_taken(model):
    shape = model.reconstruct(views(np.uint8))
    for dtype in (np.float32, np.int64, np.uint16):
        np.testing.assert_array_equal(model.reconstruct(views(dtype)), shape)
    with pytest.warns(UserWarning, match="1 of 1 views are not on white, as those"):
        model.reconstruct(255 - views(np.uint8))


def test_pictures_are_of_one_shape_or_it_is_asked(model, tmp_path):
    """What `reconstruct` takes, each beside the nested lists that it stands for."""
    a, b = (write(tmp_path / f"in/{name}.png", table_top()) for name in "ab")
    one, both = model.reconstruct([[a]]), model.reconstruct([[a, b]])
    for given in (str(a), a, Image.open(a), [a], [str(a)], [table_top()]):
        np.testing.assert_array_equal(model.reconstruct(given), one)
    for given in (a.parent, str(a.parent), [a.parent]):
        np.testing.assert_allclose(model.reconstruct(given), both, atol=1e-5)
    write(tmp_path / "many/c/1.png", table_top())
    write(tmp_path / "many/d/1.png", table_top())
    assert len(model.reconstruct(tmp_path / "many")) == 2
    for given, message in (
        ([a, b], r"not clear which .* give \[\['.*a.png', '.*b.png'\]\] for a shape"),
        ([[a], b], "not clear which pictures are of one shape"),
        ([table_top(), table_top()], "a ndarray"),
        ([], "there is no picture; give a list of pictures for each shape"),
        ([[]], "there is no picture; give one or more of each shape"),
        ([tmp_path / "many"], "many holds several shapes; name the folder of one"),
        (str(tmp_path / "no.png"), "no.png cannot be read as a picture: "),
    ):
        with pytest.raises(UserError, match=message):
            model.reconstruct(given)
    with pytest.raises(UserError, match="there is no picture; give a list of pictures"):
        several_shapes(3)
    with pytest.raises(UserError, match="a int is no picture and no list of them; giv"):
        several_shapes([3])


def test_numbers_and_words_that_are_also_folders(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "12":
        write(tmp_path / name / "a.png", table_top())
    drawn = model.draw_latents(3)[1:]
    with pytest.raises(UserError, match=r"1 is a sample's number and a file or folder"):
        find_latents(model, ["1", "2"])
    latents, sampled = find_latents(model, ["sample:1", "sample:2"])
    assert sampled and (latents == drawn).all()
    latents, sampled = find_latents(model, ["./1", "./2"])
    assert not sampled and latents.shape == drawn.shape
    with pytest.raises(UserError, match="no does not exist; name samples, pictures or"):
        find_latents(model, ["./1", "no"])
    like_shapes_of(model, "prior")
    (tmp_path / "prior").mkdir()
    with pytest.raises(UserError, match=r"prior is a file or folder here, and means"):
        like_shapes_of(model, "prior")
