"""Images become grey on white, whatever their kind."""

import numpy as np
import pytest
from PIL import Image

from data_prep.archives.archive import Archive
from data_prep.voxel_view_archive.checking import read_view
from vaegan_jax.errors import UserError


@pytest.mark.parametrize(
    "image",
    [
        Image.new("L", (2, 2), 156),
        Image.new("RGB", (2, 2), (156, 156, 156)),
        Image.new("LA", (2, 2), (57, 128)),  # half of it the white behind it
        Image.new("RGB", (2, 2), (156, 156, 156)).quantize(2),
        Image.fromarray(np.full((2, 2), 40_000, np.uint16)),
    ],
    ids=lambda image: image.mode,
)
def test_grey_on_white(tmp_path, image):
    image.save(tmp_path / "view.png")
    view = read_view(Archive(tmp_path), "view.png")
    assert view.dtype == np.uint8 and view.shape == (2, 2)
    np.testing.assert_allclose(view, 156, atol=1)


def test_no_image(tmp_path):
    (tmp_path / "view.png").write_bytes(b"hello")
    with pytest.raises(UserError, match=r"view\.png: not an image"):
        read_view(Archive(tmp_path), "view.png")
