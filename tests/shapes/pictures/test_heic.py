"""Pictures of phones, with the extra that reads them and without."""

import io
import sys
import types

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.pictures.files import open_picture
from vaegan_jax.shapes.pictures.sets import picture_sets

START = b"\0\0\0\x18ftypheic"


@pytest.fixture
def picture() -> Image.Image:
    """Wider than high, dark at its left."""
    levels = np.full((32, 48, 3), (200, 180, 160), np.uint8)
    levels[:, :20] = (40, 60, 80)
    return Image.fromarray(levels)


@pytest.fixture
def without(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)


@pytest.fixture
def stub(monkeypatch):
    """A plugin for files that are a PNG behind the first bytes of HEIC."""

    def opener(file, _):
        return PngImagePlugin.PngImageFile(io.BytesIO(file.read()[len(START) :]))

    def register():
        Image.register_open("HEIF", opener, lambda start: start.startswith(START))

    Image.init()  # all of Pillow's own, before they are copied
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    Image.OPEN.pop("HEIF", None)
    plugin = types.SimpleNamespace(register_heif_opener=register)
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)


def write(path, picture: Image.Image):
    file = io.BytesIO()
    picture.save(file, "PNG")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(START + file.getvalue())
    return path


def test_it_is_read_where_the_plugin_is_installed(stub, picture, tmp_path):
    path = write(tmp_path / "in/IMG_1.HEIC", picture)
    assert picture_sets([tmp_path / "in"]) == {"in": [path]}
    for _ in range(2):  # the plugin is there already
        np.testing.assert_array_equal(open_picture(path).image, picture)


@pytest.mark.parametrize("name", ["a.heic", "a.jpg"])
def test_the_extra_is_named_where_it_is_not(without, picture, tmp_path, name):
    path = write(tmp_path / name, picture)
    with pytest.raises(UserError) as raised:
        open_picture(path)
    said = f"{path} is HEIC, which needs the extra heic: pip install -e '.[heic]'"
    assert str(raised.value) == said


def test_the_extra_is_named_of_folders(without, picture, tmp_path):
    write(tmp_path / "in/a.heic", picture)
    with pytest.raises(UserError, match=r"holds no .*; HEIC needs the extra"):
        picture_sets([tmp_path / "in"])
    picture.save(tmp_path / "in/b.png")
    with pytest.warns(UserWarning, match=r"a\.heic\); .*; HEIC needs the extra"):
        assert picture_sets([tmp_path / "in"]) == {"in": [tmp_path / "in/b.png"]}


@pytest.mark.parametrize("content", [b"", b"no picture", START + b"cut"])
def test_damaged_files_end_in_a_sentence(stub, tmp_path, content):
    (tmp_path / "a.heic").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.heic cannot be read as a picture"):
        open_picture(tmp_path / "a.heic")


@pytest.mark.parametrize("turned", [None, 3, 6])
def test_the_real_plugin_reads_what_it_wrote_upright(picture, tmp_path, turned):
    heif = pytest.importorskip("pillow_heif", reason="pip install -e '.[heic]'")
    stored, options = picture, {}
    if turned:  # as EXIF has it: what is stored is turned back to be seen upright
        back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}
        exif = Image.Exif()
        exif[0x0112] = turned
        stored, options = picture.transpose(back[turned]), {"exif": exif.tobytes()}
    file = heif.from_pillow(stored)
    file.save(tmp_path / "a.heic", quality=95, **options)
    opened = np.asarray(open_picture(tmp_path / "a.heic").image).astype(int)
    assert opened.shape == (32, 48, 3)
    assert np.abs(opened - np.asarray(picture)).mean() < 4
    (tmp_path / "b.heic").write_bytes((tmp_path / "a.heic").read_bytes()[:-400])
    with pytest.raises(UserError, match=r"b\.heic cannot be read as a picture"):
        open_picture(tmp_path / "b.heic")
