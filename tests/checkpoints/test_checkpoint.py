import json
import os
import shutil
import subprocess

import jax
import pytest
import tensorstore as ts

import vaegan_jax
from tests.helpers import Setup, assert_trees_equal, make_batch, tiny_config
from vaegan_jax.checkpoints import checkpoint, checksums
from vaegan_jax.checkpoints.checkpoint import Checkpoints, abstract_state
from vaegan_jax.checkpoints.config_file import save_config
from vaegan_jax.checkpoints.damage import seal, unfinished
from vaegan_jax.errors import UserError


@pytest.fixture(scope="module")
def setup():
    return Setup(tiny_config("gan", **{"train.average_decay": 0.9}))


def test_save_donate_restore_step_again(setup, tmp_path):
    batch = make_batch(setup.config)
    state, _ = setup.train_step(setup.create(), batch)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state)
    expected, _ = setup.train_step(state, batch)  # donates what is being saved
    checkpoints.wait()
    restored = checkpoints.restore(abstract_state(setup.create))
    assert int(restored.step) == 1
    actual, _ = setup.train_step(restored, batch)
    assert_trees_equal(actual, expected)
    checkpoints.close()


def test_keeps_the_latest_and_those_for_good(setup, tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2, keep_every_steps=3)
    state = setup.create()
    for _ in range(8):
        state, _ = setup.train_step(state, make_batch(setup.config))
        checkpoints.save(state)
    checkpoints.wait()
    assert checkpoints.steps == [3, 6, 7, 8]
    with pytest.raises(UserError, match="no checkpoint 5; it has 3, 6, 7, 8"):
        checkpoints.restore(abstract_state(setup.create), 5)
    third = checkpoints.restore(abstract_state(setup.create), 3)
    assert int(third.step) == 3
    checkpoints.close()


def test_a_run_that_has_diverged_is_named_by_what_loads_it(setup, tmp_path):
    save_config(tmp_path, setup.config)
    checkpoints, state = Checkpoints(tmp_path), setup.create()
    broken = jax.tree.map(lambda x: x * float("nan"), state.averages)
    checkpoints.save(state.replace(averages=broken))
    checkpoints.close()
    with pytest.raises(UserError, match="has diverged: there are numbers"):
        vaegan_jax.load(tmp_path)


def test_an_empty_directory_is_named(setup, tmp_path):
    with pytest.raises(UserError, match="holds no checkpoint; train first"):
        Checkpoints(tmp_path).restore(abstract_state(setup.create))


def test_the_abstract_state_matches(setup):
    abstract, state = abstract_state(setup.create), setup.create()
    assert jax.tree.structure(abstract) == jax.tree.structure(state)


def test_the_best_is_kept_beside_the_latest(setup, tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    assert checkpoints.best is None
    state = setup.create()
    for score in (0.2, 0.7, None, 0.3, 0.4):
        state, _ = setup.train_step(state, make_batch(setup.config))
        checkpoints.save(state, score)
    checkpoints.close()
    reader = Checkpoints(tmp_path, read_only=True)
    assert reader.steps == [2, 4, 5] and reader.best == (2, 0.7)
    abstract = abstract_state(setup.create)
    for name, step in (("best", 2), ("latest", 5), (None, 5), ("4", 4)):
        assert int(reader.restore(abstract, name).step) == step
    with pytest.raises(UserError, match="no checkpoint latst; it has 2, 4, 5"):
        reader.restore(abstract, "latst")


def test_no_checkpoint_has_a_score(setup, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(setup.create())
    checkpoints.wait()
    with pytest.raises(UserError, match="has a score yet; training scores them"):
        checkpoints.restore(abstract_state(setup.create), "best")


@pytest.fixture(scope="module")
def begun():
    """A state and its structure."""
    setup = Setup(tiny_config("gan"))
    return setup.create(), abstract_state(setup.create)


@pytest.fixture
def two(tmp_path, begun):
    """A work directory with checkpoints 0 and 1, and their structure."""
    state, abstract = begun
    checkpoints = Checkpoints(tmp_path)
    for step, score in ((0, 0.4), (1, 0.5)):
        checkpoints.save(state.replace(step=state.step + step), score)
    checkpoints.close()
    return tmp_path, abstract


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def test_a_flipped_byte_in_any_file_makes_the_one_before_the_latest(two):
    workdir, abstract = two
    last = workdir / "checkpoints" / "1"
    files = [path for path in last.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        content = path.read_bytes()
        flip_a_byte(path)
        reader = Checkpoints(workdir, read_only=True)
        if path.parent == last and path.name != "checksums.txt":
            # When it was saved: of no consequence.
            assert not reader.damaged
            assert int(reader.restore(abstract).step) == 1
        else:
            name = path.relative_to(last).as_posix()
            assert name in reader.damaged[1] or path.name == "checksums.txt"
            assert reader.steps == [0] and reader.best == (0, 0.4)
        reader.close()
        path.write_bytes(content)
    (last / "_CHECKPOINT_METADATA").write_bytes(b"\xff{")
    assert int(Checkpoints(workdir, read_only=True).restore(abstract).step) == 1


def test_training_moves_the_damaged_aside_and_saves_anew(two):
    workdir, abstract = two
    folder = workdir / "checkpoints"
    for round_ in range(2):
        flip_a_byte(folder / "1" / "default" / "_METADATA")
        checkpoints = Checkpoints(workdir)
        expected = {1: "default/_METADATA has changed since it was written"}
        assert checkpoints.damaged == expected
        state = checkpoints.restore(abstract)
        assert int(state.step) == 0
        checkpoints.save(state.replace(step=state.step + 1))
        checkpoints.close()
        assert (folder / ["1.damaged", "1.damaged1"][round_]).is_dir()
    assert Checkpoints(workdir, read_only=True).steps == [0, 1]


def test_damage_that_leaves_nothing_is_an_error_and_changes_nothing(two):
    workdir, abstract = two
    reader = Checkpoints(workdir, read_only=True)
    flip_a_byte(workdir / "checkpoints" / "0" / "default" / "_METADATA")
    with pytest.raises(UserError, match=r"/0 is damaged: .*; choose another.*: 1"):
        reader.restore(abstract, 0)
    flip_a_byte(workdir / "checkpoints" / "1" / "metrics" / "metrics")
    before = sorted(os.listdir(workdir / "checkpoints"))
    for read_only in (True, False):
        with pytest.raises(UserError, match=r"every checkpoint in .* is damaged"):
            Checkpoints(workdir, read_only=read_only)
    assert sorted(os.listdir(workdir / "checkpoints")) == before


def test_a_vanished_directory_is_named_and_not_made_again(two):
    workdir, abstract = two
    checkpoints = Checkpoints(workdir)
    state = checkpoints.restore(abstract)
    (workdir / "checkpoints").rename(workdir / "elsewhere")
    with pytest.raises(UserError, match="checkpoints has vanished; step 2 is not"):
        checkpoints.save(state.replace(step=state.step + 1))
    assert not (workdir / "checkpoints").exists()


@pytest.mark.skipif(
    not shutil.which("chattr") or os.geteuid(), reason="not root, or no chattr here"
)
def test_a_directory_that_becomes_read_only_is_told_at_once(two):
    """Root may write where permissions forbid it, but not here."""
    workdir, abstract = two
    checkpoints = Checkpoints(workdir)
    state = checkpoints.restore(abstract)
    folder = str(workdir / "checkpoints")
    if subprocess.run(["chattr", "+i", folder]).returncode:
        pytest.skip("this file system knows no attributes")
    try:
        with pytest.raises(UserError, match="take step 2: Operation not permitted;"):
            checkpoints.save(state.replace(step=state.step + 1))
            checkpoints.wait()
    finally:
        subprocess.run(["chattr", "-i", folder])


def test_a_save_that_fails_in_the_background_is_told(two, monkeypatch):
    def full(directory):
        raise OSError(28, os.strerror(28))

    workdir, abstract = two
    checkpoints = Checkpoints(workdir)
    state = checkpoints.restore(abstract)
    monkeypatch.setattr(checkpoint, "seal", full)
    checkpoints.save(state.replace(step=state.step + 1))
    with pytest.raises(UserError, match="not take step 2: No space left on device;"):
        checkpoints.wait()
    assert Checkpoints(workdir, read_only=True).steps == [0, 1]


def without_manifest(checkpoint):
    """As Orbax left it where it did not find what it had written."""
    (checkpoint / "default" / "manifest.ocdbt").unlink()


def without_an_array(checkpoint):
    folder = {"driver": "file", "path": f"{checkpoint / 'default'}/"}
    arrays = ts.KvStore.open({"driver": "ocdbt", "base": folder}).result()
    arrays.delete_range(ts.KvStore.KeyRange("step/", "step0")).result()


def without_an_entry(checkpoint):
    path = checkpoint / "default" / "_METADATA"
    metadata = json.loads(path.read_text())
    del metadata["tree_metadata"]["('step',)"]
    path.write_text(json.dumps(metadata))


def without_data(checkpoint):
    for data in (checkpoint / "default").rglob("d/*"):
        data.write_bytes(b"")


SPOILT = [without_manifest, without_an_array, without_data]


@pytest.mark.parametrize("spoil", [*SPOILT, without_an_entry])
def test_a_save_that_cannot_be_opened_fails_and_removes_nothing(
    two, monkeypatch, spoil
):
    def spoilt(directory, step):
        written = unfinished(directory, step)
        spoil(written)
        return written

    workdir, abstract = two
    checkpoints = Checkpoints(workdir, keep=1)
    state = checkpoints.restore(abstract)
    monkeypatch.setattr(checkpoint, "unfinished", spoilt)
    checkpoints.save(state.replace(step=state.step + 1))
    with pytest.raises(UserError, match=r"not take step 2: what was written .* kept"):
        checkpoints.wait()
    assert Checkpoints(workdir, read_only=True).steps == [0, 1]


@pytest.mark.parametrize("spoil", SPOILT)
@pytest.mark.parametrize("sealed", [True, False])
def test_incomplete_arrays_are_damage_whatever_the_checksums_say(two, spoil, sealed):
    workdir, abstract = two
    last = workdir / "checkpoints" / "1"
    spoil(last)
    seal(last)
    if not sealed:
        (last / "checksums.txt").unlink()
    reader = Checkpoints(workdir, read_only=True)
    assert reader.damaged == {1: "its arrays are incomplete"}
    assert int(reader.restore(abstract).step) == 0
    assert Checkpoints(workdir).steps == [0] and last.with_suffix(".damaged").is_dir()


def test_another_model_is_not_called_damaged(two):
    reader = Checkpoints(two[0], read_only=True)
    for config in (
        tiny_config("vae_gan"),
        tiny_config("gan", **{"model.latent_size": 7}),
    ):
        with pytest.raises(UserError, match=r"/1 is of another model than its config"):
            reader.restore(abstract_state(Setup(config).create))


def test_what_may_not_be_read_is_not_called_damaged(two, monkeypatch):
    """Otherwise training would move a good checkpoint aside."""
    workdir, abstract = two
    before = sorted(workdir.rglob("*"))
    reader = Checkpoints(workdir, read_only=True)
    digest = checksums._digest

    def refuse(path):
        if "/1/" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return digest(path)

    monkeypatch.setattr(checksums, "_digest", refuse)
    with pytest.raises(PermissionError):
        reader.restore(abstract)
    with pytest.raises(PermissionError):
        Checkpoints(workdir)
    assert sorted(workdir.rglob("*")) == before
