"""Our step beside PyTorch's: which variants, what is told, and interruptions."""

import itertools
import json
import re

import pytest

from tests.benchmark.helpers import IdlePeer, start
from tests.helpers import imported_modules, needs_pytorch
from vaegan_jax.benchmark import peer, report
from vaegan_jax.benchmark.commands import add_commands
from vaegan_jax.benchmark.workload import build_config
from vaegan_jax.cli.parser import Parser
from vaegan_jax.errors import UserError


@pytest.fixture
def idle(monkeypatch):
    """What is timed takes no time."""
    monkeypatch.setattr(peer, "find_spec", lambda name: name)
    monkeypatch.setattr(peer, "Peer", IdlePeer)


@pytest.mark.parametrize("at, rounds", [(None, 0), (7 * 2 + 3, 0), (7 * 4 + 1, 2)])
def test_what_was_timed_before_an_interruption_is_told(idle, monkeypatch, at, rounds):
    """At a call of the first model's, in its warm-up or later: `at`, from 0."""
    calls = itertools.count()

    class Interrupting(IdlePeer):
        def __call__(self):
            if next(calls) == at:
                raise KeyboardInterrupt
            return 1.0

    monkeypatch.setattr(peer, "Peer", Interrupting)
    if at is not None and not rounds:
        with pytest.raises(KeyboardInterrupt):
            peer.run(("gan",), (2,), 64, 4)
        return
    found = peer.run(("gan",), (2,), 64, 4)
    assert found.interrupted == bool(rounds) and len(found.rows) == 7
    assert ("Interrupted" in found.notes[-1]) == bool(rounds)


def test_models_before_an_interruption_are_told(idle, monkeypatch):
    calls = itertools.count()

    class Interrupting(IdlePeer):
        def __call__(self):
            if next(calls) >= 7 * 3:
                raise KeyboardInterrupt
            return 1.0

    monkeypatch.setattr(peer, "Peer", Interrupting)
    found = peer.run(("gan", "vae_gan"), (2, 4), 64, 1)
    assert found.interrupted and {row["model"] for row in found.rows} == {"gan"}


def test_each_model_has_a_batch_size_of_its_own(monkeypatch):
    given = []
    nothing = report.Benchmark("peer", [], (), "ms")
    monkeypatch.setattr(
        peer, "run", lambda *arguments: given.append(arguments[:2]) or nothing
    )
    parser = Parser()
    add_commands(parser.add_subparsers())
    for flags in (
        ["--models=mv_vae_gan"],
        ["--models=gan,vae_gan", "--batch_size=2,4"],
    ):
        parsed = parser.parse_args(["peer", *flags])
        parsed.function(parsed)
    assert given == [(("mv_vae_gan",), (8,)), (("gan", "vae_gan"), (2, 4))]
    parsed = parser.parse_args(["peer", "--models=gan", "--batch_size=2,4"])
    with pytest.raises(UserError, match="2 numbers and --models 1 names"):
        parsed.function(parsed)


def test_a_quick_peer_leaves_most_variants_out(idle):
    found = peer.run(("gan",), (2,), 64, 9, quick=True)
    assert [row["variant"] for row in found.rows] == [peer.OURS, *peer._QUICK]


def test_a_peer_has_a_refiner_learn_with_the_others_and_alone(idle, monkeypatch):
    given = []

    class Noting(IdlePeer):
        def __init__(self, make, *arguments):
            given.append(build_config(*arguments[:2], **arguments[2]))

    monkeypatch.setattr(peer, "Peer", Noting)
    rows = peer.run(("gan", "vae_gan"), (2, 3), 32, 1, "unet").rows
    found = [(row["model"], row["refiner"]) for row in rows]
    cases = [("gan", ""), ("vae_gan", "learns"), ("vae_gan", "learns alone")]
    assert list(dict.fromkeys(found)) == cases
    for row, config in zip(rows, given, strict=True):
        assert (row["model"], row["batch"]) == (
            *(config.algorithm, config.train.batch_size),
        )
        assert (config.model.refiner == "unet") == (row["refiner"] != "")
        assert config.train.only_refiner == (row["refiner"] == "learns alone")
        # What the original does not have is not published.
        assert not (row["refiner"] and "published" in row["variant"])


@pytest.mark.slow
@needs_pytorch
def test_every_variant_in_pytorch_takes_its_turn(tmp_path):
    made = start(
        *("peer", "--models=gan", "--batch_size=2", "--rounds=1"),
        f"--output={tmp_path}",
        PYTHONPROFILEIMPORTTIME="1",
    )
    assert made.returncode == 0, made.stderr[-2000:]
    imported = imported_modules(made.stderr)
    assert "torch" in imported and "tensorflow" not in imported
    rows = json.loads((tmp_path / "peer.json").read_text())["rows"]
    assert len(rows) == 7 and all(row["ms"] > 0 for row in rows)


def test_without_pytorch_its_peer_says_what_to_install(monkeypatch):
    monkeypatch.setattr(peer, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=re.escape("pip install -e '.[bench]'")):
        peer.run(("gan",), (2,), 64, 1)
