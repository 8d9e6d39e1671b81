import json

import jax
import pytest
from helpers import Setup, assert_trees_equal, make_batch, tiny_config

from vaegan_jax.checkpoint import (
    Checkpoints,
    abstract_state,
    load_config,
    save_config,
)
from vaegan_jax.errors import UserError


@pytest.fixture(scope="module")
def setup():
    return Setup(tiny_config("mv_vae_gan", **{"train.average_decay": 0.9}))


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


def test_an_empty_directory_is_named(setup, tmp_path):
    with pytest.raises(UserError, match="holds no checkpoint; train first"):
        Checkpoints(tmp_path).restore(abstract_state(setup.create))


def test_config_round_trip(setup, tmp_path):
    assert load_config(tmp_path) is None
    save_config(tmp_path, setup.config)
    loaded = load_config(tmp_path)
    assert loaded.to_dict() == json.loads(json.dumps(setup.config.to_dict()))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match=r"config.json is not valid JSON"):
        load_config(tmp_path)


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
