import dataclasses
import itertools
import pathlib
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.helpers import make_examples, write_packed
from vaegan_jax.data import dataset, packed_source, tfds_source
from vaegan_jax.errors import UserError
from vaegan_jax.runtime import npz_files


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("num_views", [0, 2, 4])
def test_tf_data_and_device_batches_are_the_same(num_views, in_order):
    examples = make_examples()
    names = {"voxels", "views"} if num_views else {"voxels"}
    if num_views == 4:
        rng = np.random.default_rng(0)
        targets = rng.integers(0, 256, examples.voxels.shape, np.uint8)
        cameras = rng.normal(size=(len(examples), 4, 4)).astype(np.float32)
        examples = dataclasses.replace(examples, targets=targets, cameras=cameras)
        names |= {"targets", "cameras"}
    arguments = (examples, 4, num_views, 7, 0)
    streamed = tfds_source.stream_batches(*arguments, in_order=in_order)
    gathered = packed_source.device_batches(*arguments, in_order=in_order)
    for ours, theirs in itertools.islice(zip(streamed, gathered, strict=False), 6):
        assert set(ours) == set(theirs) == names
        for name in ours:
            kind = np.float32 if name == "cameras" else np.uint8
            assert ours[name].dtype == theirs[name].dtype == kind
            np.testing.assert_array_equal(ours[name], theirs[name])
        if "cameras" in ours:  # those of the views, in their order
            views = [view.tobytes() for view in examples.views.reshape(-1, 32, 32, 1)]
            for view, camera in zip(
                ours["views"].reshape(-1, 32, 32, 1),
                ours["cameras"].reshape(-1, 4),
                strict=True,
            ):
                place = views.index(np.asarray(view).tobytes())
                np.testing.assert_array_equal(
                    camera, examples.cameras.reshape(-1, 4)[place]
                )


@pytest.mark.parametrize("stream", ["stream_batches", "device_batches"])
def test_a_resumed_stream_goes_on_where_it_stopped(stream):
    module = tfds_source if stream == "stream_batches" else packed_source
    batches = getattr(module, stream)
    examples = make_examples()
    whole = list(itertools.islice(batches(examples, 4, 2, 0, 0), 6))
    rest = list(itertools.islice(batches(examples, 4, 2, 0, 3), 3))
    for a, b in zip(whole[3:], rest, strict=True):
        np.testing.assert_array_equal(a["voxels"], b["voxels"])
        np.testing.assert_array_equal(a["views"], b["views"])


def test_packed_file_round_trip(tmp_path):
    examples = make_examples()
    write_packed(tmp_path / "data.npz", examples)
    read = dataset.open_split(tmp_path / "data.npz", "train", 8, 32)
    assert read.names == examples.names
    np.testing.assert_array_equal(read.voxels, examples.voxels)
    np.testing.assert_array_equal(read.views, examples.views)


@pytest.mark.parametrize("spoil", [bytes.lower, lambda content: content[:-100]])
def test_what_cannot_be_read_again_takes_no_place(tmp_path, monkeypatch, spoil):
    """A disk that loses or changes what it is given."""
    path = tmp_path / "data.npz"
    packed_source.write(path, {"train": make_examples(2)}, {})
    before = path.read_bytes()

    class Spoilt(zipfile.ZipFile):
        def close(self):
            written = self.mode == "w" and self.fp is not None
            super().close()
            if written:
                partial = pathlib.Path(self.filename)
                partial.write_bytes(spoil(partial.read_bytes()))

    monkeypatch.setattr(npz_files.zipfile, "ZipFile", Spoilt)
    with pytest.raises(UserError, match=r"data.npz is not kept, for what was written"):
        packed_source.write(path, {"train": make_examples(3)}, {})
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "split, resolution, image_size, message",
    [
        ("test", 8, 32, "no split 'test'"),
        ("train", 64, 32, "grids of 8³ but config.model.resolution is 64"),
        ("train", 8, 64, "views of 32 pixels but config.model.image_size is 64"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, split, resolution, image_size, message):
    write_packed(tmp_path / "data.npz", make_examples())
    with pytest.raises(UserError, match=message):
        dataset.open_split(tmp_path / "data.npz", split, resolution, image_size)


@pytest.mark.parametrize(
    "stored, message",
    [
        ({"resolution": 48}, "grids of 48³ .* is 8; prepare the data at 8"),
        ({"image_size": 40}, "views of 40 pixels .* is 64; prepare views of 64"),
    ],
)
def test_no_setting_is_advised_that_no_model_has(tmp_path, stored, message):
    write_packed(tmp_path / "data.npz", make_examples(**stored))
    with pytest.raises(UserError, match=message):
        dataset.open_split(tmp_path / "data.npz", "train", 8, 64)


@pytest.mark.parametrize("shape", [(32, 32, 2), (16, 32, 1), (16, 32, 3)])
def test_views_must_be_square_and_of_one_channel_or_three(tmp_path, shape):
    views = np.zeros((10, 4, *shape), np.uint8)
    examples = dataclasses.replace(make_examples(), views=views)
    write_packed(tmp_path / "data.npz", examples)
    with pytest.raises(UserError, match=" × ".join(map(str, shape)) + "; they must"):
        dataset.open_split(tmp_path / "data.npz", "train", 8, 32)


def test_colour_becomes_grey_as_pillow_has_it_and_never_the_other_way(tmp_path):
    path, examples = tmp_path / "data.npz", make_examples(channels=3)
    write_packed(path, examples)
    kept = dataset.open_split(path, "train", 8, 32, channels=3)
    np.testing.assert_array_equal(kept.views, examples.views)
    grey = dataset.open_split(path, "train", 8, 32).views
    assert grey.shape == (*examples.views.shape[:-1], 1)
    for made, views in zip(grey, examples.views, strict=True):
        for one, view in zip(made, views, strict=True):
            expected = np.asarray(Image.fromarray(view).convert("L"))
            np.testing.assert_array_equal(one[..., 0], expected)
    write_packed(path, make_examples())
    with pytest.raises(
        UserError, match=r"of 1 channel, grey, .*image_channels is 3; .*--channels=3"
    ):
        dataset.open_split(path, "train", 8, 32, channels=3)
    without = dataset.open_split(path, "train", 8, None, channels=3)
    assert without.views.size == 0


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere does not exist.*prepare-data"):
        dataset.open_split(tmp_path / "nowhere", "train", 8, 32)
    with pytest.raises(UserError, match="no prepared data sets"):
        dataset.open_split(tmp_path, "train", 8, 32)
    write_packed(tmp_path / "data.npz", make_examples())
    content = (tmp_path / "data.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"half.npz is not a packed data set"):
        dataset.open_split(tmp_path / "half.npz", "train", 8, 32)


def test_more_views_than_stored():
    with pytest.raises(UserError, match="at most 4"):
        dataset.check_views(make_examples(num_views=4), 5, azimuths=0)


def test_an_encoder_that_tells_azimuths_needs_views_of_all_of_them():
    examples = make_examples(num_views=4)
    dataset.check_views(examples, 4, azimuths=4)
    with pytest.raises(
        UserError, match=r"azimuths is 3 but the data set stores 4 .* 4"
    ):
        dataset.check_views(examples, 3, azimuths=3)


def test_what_may_not_be_read_is_not_called_damaged(tmp_path):
    from vaegan_jax.data import tfds_source

    with (
        pytest.raises(UserError, match="may not be read by this user"),
        tfds_source._reading(tmp_path),
    ):
        raise PermissionError(13, "Permission denied", str(tmp_path))
