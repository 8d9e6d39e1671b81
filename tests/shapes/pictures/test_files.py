"""Pictures of every kind of file and array have the levels that are in them."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.pictures.files import open_picture, to_eight_bits


@pytest.fixture(scope="module")
def levels() -> np.ndarray:
    """Shades from 40 to 200 on white, (40, 48)."""
    picture = np.full((40, 48), 255, np.uint8)
    picture[10:30, 12:36] = np.linspace(40, 200, 24).astype(np.uint8)
    return picture


def fraction(levels):
    return levels / 255


ARRAYS = {
    "float32": lambda g: fraction(g).astype(np.float32),
    "float16": lambda g: fraction(g).astype(np.float16),
    "float of a byte": lambda g: g.astype(np.float64),
    "float beyond": lambda g: fraction(g) * 1.004,  # as cubic interpolation leaves it
    "minus one to one": lambda g: fraction(g) * 2 - 1,
    "bright": lambda g: fraction(g) * 3.7,
    "16 bits": lambda g: g.astype(np.uint16) * 257,
    "12 bits in 16": lambda g: (fraction(g) * 4095).astype(np.uint16),
    "10 bits in 32": lambda g: (fraction(g) * 1023).astype(np.int32),
    "a byte in 16": lambda g: g.astype(np.uint16),
    "int64": lambda g: g.astype(np.int64),
    "one channel": lambda g: g[..., None],
    "colour": lambda g: np.dstack([fraction(g)] * 3),
    "opacity of one": lambda g: np.dstack([fraction(g)] * 3 + [np.ones(g.shape)]),
    "grey and opacity": lambda g: np.dstack([g, np.full_like(g, 255)]),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays(levels, kind):
    opened = open_picture(ARRAYS[kind](levels))
    assert opened.image.mode == "RGB"
    grey = np.asarray(opened.image.convert("L"), int)
    assert np.abs(grey - levels).max() <= 2


def test_zeros_and_ones_are_black_and_white(levels):
    mask = levels == 255
    for array in (mask, mask.astype(np.uint8), mask.astype(np.float32)):
        grey = np.asarray(open_picture(array).image.convert("L"))
        np.testing.assert_array_equal(grey, np.where(mask, 255, 0))


def test_one_hot_pixel_does_not_make_the_rest_black(levels):
    bright = fraction(levels) * 0.9
    bright[3, 3] = 900.0
    assert np.median(to_eight_bits(bright)) > 200


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros((3, 40, 48), np.uint8), r"is an array \(3, 40, 48\); give \(height"),
        (np.zeros((40, 48, 5), np.uint8), r"is an array \(40, 48, 5\)"),
        (np.zeros((1, 2, 40, 48, 1)), r"is an array \(1, 2, 40, 48, 1\)"),
        (np.zeros(7, np.uint8), r"is an array \(7,\)"),
        (np.zeros((0, 4), np.uint8), r"is an array \(0, 4\)"),
        (np.zeros((4, 4), complex), "is an array of complex128; give"),
        (np.full((4, 4), "a"), "is an array of <U1; give"),
        (np.eye(4) * 5 - 2, "holds values from -2 to 3, of which it is not clear"),
        (np.full((4, 4), np.nan), "a picture holds values that are not finite"),
    ],
)
def test_other_arrays_are_refused(array, message):
    with pytest.raises(UserError, match=message):
        open_picture(array)


def saved(image, kind, **options) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def lab(image: Image.Image) -> Image.Image:
    profiles = (ImageCms.createProfile(space) for space in ("sRGB", "LAB"))
    return ImageCms.profileToProfile(image.convert("RGB"), *profiles, outputMode="LAB")


def palette_with_transparency(image: Image.Image) -> io.BytesIO:
    """White is the palette's last colour, and transparent."""
    return saved(image.convert("P"), "PNG", transparency=255)


FILES = {
    "16 bits": lambda i: saved(
        Image.fromarray(np.asarray(i).astype(np.uint16) * 257), "PNG"
    ),
    "32 bits": lambda i: saved(
        Image.fromarray(np.asarray(i).astype(np.int32) * 70_000), "TIFF"
    ),
    "float": lambda i: saved(
        Image.fromarray(np.asarray(i).astype(np.float32) / 255), "TIFF"
    ),
    "bright float": lambda i: saved(
        Image.fromarray(np.asarray(i).astype(np.float32) / 31), "TIFF"
    ),
    "LAB": lambda i: saved(lab(i), "TIFF"),
    "CMYK": lambda i: saved(i.convert("CMYK"), "TIFF"),
    "CMYK JPEG": lambda i: saved(i.convert("CMYK"), "JPEG", quality=100),
    "palette": lambda i: saved(i.convert("P"), "GIF"),
    "transparent palette": palette_with_transparency,
    "frames": lambda i: saved(
        i, "GIF", save_all=True, append_images=[i.rotate(90), i.rotate(180)]
    ),
    "turned": lambda i: saved(
        i.transpose(Image.Transpose.ROTATE_270), "PNG", exif=orientation(8)
    ),
}


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


@pytest.mark.parametrize("kind", FILES)
def test_files(levels, kind, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(FILES[kind](Image.fromarray(levels)).getvalue())
    opened = open_picture(path)
    rgba = np.asarray(opened.image.convert("RGBA"), int)
    seen = rgba[..., 3] > 0
    assert (seen == ((levels < 255) | (kind != "transparent palette"))).all()
    assert np.abs(rgba[..., 0] - levels)[seen].max() <= 4
    told = "it has 3 frames, of which the first is taken"
    assert opened.notes == ((told,) if kind == "frames" else ())


def test_one_bit(levels):
    opened = open_picture(Image.fromarray(levels > 128))
    np.testing.assert_array_equal(
        np.asarray(opened.image.convert("L")), np.where(levels > 128, 255, 0)
    )
