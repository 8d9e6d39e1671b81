"""Data sets beyond memory: the same numbers as in memory, in bounded memory."""

import dataclasses
import itertools
import tracemalloc

import jax
import numpy as np
import pytest

from tests.helpers import make_examples
from vaegan_jax.data import dataset, packed_source
from vaegan_jax.data.dataset import open_split, training_batches
from vaegan_jax.data.held_out import deformed_name, hold_out
from vaegan_jax.data.order import evaluation_batches
from vaegan_jax.data.packed_source import device_batches
from vaegan_jax.data.streaming import host_batches
from vaegan_jax.distributed.sharding import device_mesh
from vaegan_jax.errors import UserError
from vaegan_jax.runtime import npz_files, stored
from vaegan_jax.shapes.colours import luma
from vaegan_jax.shapes.pictures import framing
from vaegan_jax.trainer.resuming import content


def examples_of(count=20, channels=1, **sizes):
    """With targets, categories and cameras, and some shapes twice."""
    rng, made = np.random.default_rng(1), make_examples(count, **sizes)
    made.voxels[3], made.voxels[7] = made.voxels[0], made.voxels[0, ::-1]
    names = [*made.names[:-1], deformed_name(made.names[10], 0)]
    return dataclasses.replace(
        made,
        names=names,
        categories=[f"kind {i % 3}" for i in range(count)],
        views=rng.integers(0, 256, (*made.views.shape[:-1], channels), np.uint8),
        targets=rng.integers(0, 256, made.voxels.shape, np.uint8),
        cameras=np.float32(10 + 20 * rng.random((*made.views.shape[:2], 4))),
    )


@pytest.fixture
def path(tmp_path):
    packed_source.write(tmp_path / "data.npz", {"train": examples_of()}, {})
    return tmp_path / "data.npz"


def both(path, image_size=32):
    """In memory, and in the file."""
    made = [
        open_split(path, "train", 8, image_size, True, in_memory=there)
        for there in (True, False)
    ]
    assert [examples.in_memory for examples in made] == [True, False]
    return made


def assert_same(ours, theirs):
    for field in dataclasses.fields(ours):
        a, b = (getattr(x, field.name) for x in (ours, theirs))
        np.testing.assert_array_equal(a[...] if hasattr(a, "shape") else a, b)


@pytest.mark.parametrize("num_views, in_order", [(0, False), (2, False), (4, True)])
@pytest.mark.parametrize("rows", [slice(None), slice(2, 4)])
def test_batches_from_the_file_are_those_of_the_device(path, num_views, in_order, rows):
    in_memory, in_file = both(path)
    arguments = (6, num_views, 7, 5)
    streamed = host_batches(in_file, *arguments, rows, in_order)
    gathered = device_batches(in_memory, *arguments, in_order=in_order)
    for ours, theirs in itertools.islice(zip(streamed, gathered, strict=False), 12):
        assert set(ours) == set(theirs)
        for name in ours:
            assert ours[name].dtype == theirs[name].dtype
            np.testing.assert_array_equal(ours[name], theirs[name][rows])


def test_what_is_divided_taken_and_digested_is_the_same(path):
    in_memory, in_file = both(path)
    assert_same(in_file, in_memory)
    assert_same(in_file.take([5, 0, 5]), in_memory.take([5, 0, 5]))
    ours, theirs = hold_out(in_file, {}), hold_out(in_memory, {})
    for a, b in zip(ours, theirs, strict=True):
        assert not a.in_memory and len(a)
        assert_same(a, b)
        assert content("train", a) == content("train", b)
    for a, b in zip(*(evaluation_batches(x, 8) for x in both(path)), strict=True):
        assert_same(a[0], b[0])
    fitted = [framing.fit_framing(x.views) for x in (in_file, in_memory)]
    np.testing.assert_array_equal(fitted[0].weights, fitted[1].weights)


@pytest.mark.parametrize("channels", [1, 3])
def test_larger_views_are_reduced_as_a_directory_s_are(tmp_path, channels):
    import tensorflow as tf

    examples = examples_of(channels=channels, image_size=70)
    packed_source.write(tmp_path / "data.npz", {"train": examples}, {})
    flat = examples.views.reshape(-1, 70, 70, channels)
    reduced = tf.round(tf.image.resize(flat, (32, 32), method="area")).numpy()
    reduced = reduced.reshape(20, 4, 32, 32, channels).astype(np.uint8)
    for wanted in {1, channels}:  # a model of one channel reads colour as grey
        expected = reduced if wanted == channels else luma(reduced)[..., None]
        for there in (True, False):
            found = open_split(
                *(tmp_path / "data.npz", "train", 8, 32),
                channels=wanted,
                in_memory=there,
            )
            np.testing.assert_array_equal(found.views[...], expected)


def test_some_views_of_some_shapes_keep_all_that_is_known_of_them(path):
    places, views = np.array([5, 0]), np.array([[1, 3], [2, 0]])
    whole = examples_of()
    for examples in both(path):
        seen = examples.seen_in(places, views)
        for place, chosen, n in zip(places, views, range(2), strict=True):
            np.testing.assert_array_equal(seen.views[n], whole.views[place, chosen])
            np.testing.assert_array_equal(seen.cameras[n], whole.cameras[place, chosen])
            np.testing.assert_array_equal(seen.targets[n], whole.targets[place])
            assert seen.names[n] == whole.names[place]
            assert seen.categories[n] == whole.categories[place]


def test_an_empty_split_is_not_taken_for_one_without_views(tmp_path):
    some = examples_of()
    splits = {"train": some, "test": some.take([])}
    packed_source.write(tmp_path / "data.npz", splits, {})
    assert open_split(tmp_path / "data.npz", "test", 8, 32).views.shape == (
        *(0, 4, 32, 32),
        1,
    )


def test_other_cameras_are_other_data_for_those_who_learn_them():
    some = examples_of()
    moved = dataclasses.replace(some, cameras=some.cameras + 1)
    assert content("train", some) == content("train", moved)
    assert content("train", some, True) != content("train", moved, True)
    assert content("train", some, True) != content("train", some)


def test_its_size_decides_where_a_split_is(path, monkeypatch):
    size = both(path)[0].nbytes
    for free, in_memory in ((4 * size, True), (4 * size - 1, False)):
        monkeypatch.setattr(dataset, "free_memory", lambda free=free: free)
        assert open_split(path, "train", 8, 32, True).in_memory == in_memory
    for forced in (True, False):
        assert (
            open_split(path, "train", 8, 32, True, in_memory=forced).in_memory == forced
        )


@pytest.mark.parametrize("where", ["memory", "file", "small device"])
def test_training_gathers_where_the_examples_are(path, monkeypatch, where):
    in_memory, in_file = both(path)
    examples = in_file if where == "file" else in_memory
    limit = examples.nbytes if where == "small device" else 2 * examples.nbytes
    facts = lambda: {"bytes_limit": limit}  # noqa: E731
    device = type("Device", (), {"memory_stats": staticmethod(facts)})()
    called = []
    for module, name in ((packed_source, "device_batches"), (dataset, "host_batches")):
        made = getattr(module, name)
        note = lambda *a, made=made, name=name: called.append(name) or made(*a)  # noqa: E731
        monkeypatch.setattr(module, name, note)
    mesh = device_mesh()
    monkeypatch.setattr(dataset.jax, "local_devices", lambda: [device])
    batch = next(training_batches(path, examples, 4, 2, 0, 0, mesh))
    assert called == ["device_batches" if where == "memory" else "host_batches"]
    assert isinstance(batch["views"], jax.Array)


def test_damage_is_told_before_anything_is_read_and_while_it_is(path):
    whole = path.read_bytes()
    _, in_file = both(path)
    batches = host_batches(in_file, 4, 2, 0, 0)
    next(batches)
    with path.open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(UserError, match=r"data.npz is not a packed .* is damaged"):
        list(itertools.islice(batches, 20))
    place = whole.index(in_file.names[0].encode("utf-32-le"))
    place = whole.index(examples_of().views[5].tobytes(), place) + 7
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
    with pytest.raises(UserError, match=r"data.npz is not a packed .* is damaged"):
        open_split(path, "train", 8, 32, in_memory=False)


def test_batches_that_are_no_longer_wanted_leave_no_threads(path):
    import threading

    batches = host_batches(both(path)[1], 4, 2, 0, 0)
    next(batches)
    running = [t for t in threading.enumerate() if t.name.startswith("batches")]
    batches.close()
    for thread in running:
        thread.join(5)
    assert running and not any(thread.is_alive() for thread in running)


def test_memory_is_bounded(tmp_path, monkeypatch):
    """Whatever training does with a split, and packing: a few parts are held."""
    monkeypatch.setattr(stored, "_PART", 1 << 14)
    monkeypatch.setattr(npz_files, "_CHUNK", 1 << 14)
    monkeypatch.setattr(framing, "_VIEWS", 50)
    examples = make_examples(800)
    packed_source.write(tmp_path / "data.npz", {"train": examples}, {})
    size = examples.nbytes
    del examples
    tracemalloc.start()
    try:
        split = open_split(tmp_path / "data.npz", "train", 8, 32, in_memory=False)
        training, choosing = hold_out(split, {})
        for part in (training, choosing):
            content("train", part)
        framing.fit_framing(training.views)
        for _ in itertools.islice(host_batches(training, 4, 3, 0, 0), 20):
            pass
        for _ in evaluation_batches(choosing, 8):
            pass
        packed_source.write(tmp_path / "again.npz", {"train": split}, {})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 4
