"""The benchmarks' output, and what they are at; not their times."""

import dataclasses
import itertools
import json

import jax
import pytest

from tests import preloaded
from tests.benchmark.helpers import IdlePeer, start
from tests.helpers import (
    REFINER,
    imported_modules,
    make_examples,
    progress_lines,
    write_packed,
)
from tests.using import make_model
from vaegan_jax.benchmark import layers, machine, peer, report, sampling, step, tpu
from vaegan_jax.benchmark.commands import numbers
from vaegan_jax.benchmark.workload import CompiledStep
from vaegan_jax.distributed.sharding import device_mesh
from vaegan_jax.errors import UserError


def test_reports_hold_command_machine_rows_and_notes(tmp_path):
    rows = [{"way": "fold", "ms": 12.345}, {"way": "loop", "ms": 1234.5}]
    benchmark = report.Benchmark("encoding", rows, ("way",), "ms", ("A note.",))
    text = report.write(benchmark, {"cores": "2"}, "python x.py", tmp_path)
    assert "| fold | 12.3 |\n| loop | 1,234 |" in text
    assert "python x.py" in text and "cores: 2" in text and "A note." in text
    assert (tmp_path / "encoding.md").read_text() == text
    assert json.loads((tmp_path / "encoding.json").read_text())["rows"] == rows
    assert (tmp_path / "encoding.png").stat().st_size > 1000


def test_lists_of_numbers():
    assert numbers("1,12") == (1, 12)
    for wrong in ("0", "a", "1,,2", "-3"):
        with pytest.raises(ValueError):
            numbers(wrong)


def run(*arguments):
    return preloaded.run("scripts/benchmark.py", *arguments)


@pytest.mark.slow
def test_the_command_writes_tables(tmp_path):
    made = start(
        *("encoding", "--views=1", "--image_size=32", "--batch_size=2", "--rounds=1"),
        f"--output={tmp_path}",
        PYTHONPROFILEIMPORTTIME="1",
    )
    assert made.returncode == 0, made.stderr
    # PyTorch's peers import as much of the library, and must not meet TensorFlow.
    imported = imported_modules(made.stderr)
    assert "vaegan_jax.training.step" in imported and "tensorflow" not in imported
    rows = json.loads((tmp_path / "encoding.json").read_text())["rows"]
    ways = {"fold", "vmap", "fold_joint", "loop", "calls"}
    assert {row["way"] for row in rows} == ways and all(row["ms"] > 0 for row in rows)
    lines = made.stderr.splitlines(keepends=True)
    told = progress_lines("".join(x for x in lines if not x.startswith("import time")))
    assert told[1].startswith("encoding, 1 views of 32²: 0/15, ")
    assert told[-1].startswith("encoding, 1 views of 32²: 15/15, ")
    assert "| way |" not in made.stderr and "encoding," not in made.stdout


@pytest.fixture
def instant(monkeypatch):
    """What is timed takes no time."""
    compiled = CompiledStep(lambda: None, 1.0, 1)
    nothing = dict.fromkeys(layers._PASSES, lambda: None)
    monkeypatch.setattr(step, "compile_step", lambda config: compiled)
    monkeypatch.setattr(machine, "matmul_peak", lambda *_: 1e9)
    monkeypatch.setattr(machine, "copy_bandwidth", lambda *_: 1e9)
    monkeypatch.setattr(layers, "passes", lambda *_: nothing)
    monkeypatch.setattr(peer, "find_spec", lambda name: name)
    monkeypatch.setattr(peer, "Peer", IdlePeer)
    monkeypatch.setattr(tpu, "step_row", lambda *arguments: {"expected ms": 1.0})
    monkeypatch.setattr(tpu, "chips", lambda topology: device_mesh(jax.devices()[:1]))
    monkeypatch.setattr(tpu, "all_passes", lambda *_: lambda *arguments: arguments[0])
    monkeypatch.setattr(tpu, "costs", lambda compiled: {"expected ms": 1.0})
    return compiled


@pytest.mark.parametrize(
    "measure, total, stage",
    [
        (
            lambda: step.run(("gan", "vae_gan"), (2, 4), (32, 64), ("float32",), 1),
            6 * 3,
            "steps, model vae_gan, image size 64, views 1, batch 4, precision float32",
        ),
        (lambda: step.growth(1), 13 * 3, "growth, resolution 64"),
        (
            lambda: layers.run(2, 2, 64, ("plain", "gather"), 1),
            15 * 8 * 3,
            "layers, U2",
        ),
        (
            lambda: peer.run(("gan", "vae_gan"), (2, 4), 64, 1),
            2 * 7 * 3,
            "peer, vae_gan, batch 4",
        ),
        (
            lambda: tpu.run_steps(("gan",), ("float32",), ("v5e:1x1", "v5e:2x2")),
            2,
            "compiling, gan, float32, v5e:2x2",
        ),
        (lambda: tpu.run_layers(("plain",), ("float32", "bfloat16")), 26, "compiling"),
    ],
    ids=["step", "growth", "layers", "peer", "tpu", "tpu_layers"],
)
def test_benchmarks_tell_what_they_are_at(instant, capfd, measure, total, stage):
    """And their counts come to the total that they announce."""
    rows = measure().rows
    told = progress_lines(capfd.readouterr().err)
    assert f": 0/{total}, " in told[0]
    assert told[-1].startswith(f"{stage}: {total}/{total}, ")
    assert len(told) <= len(rows) + 4  # lines at the rate of stages


def test_a_refiner_is_of_those_that_see_views(instant, monkeypatch):
    given = []
    monkeypatch.setattr(step, "compile_step", lambda c: given.append(c) or instant)
    found = step.run(("gan", "vae_gan"), (2,), (32,), ("float32",), 1, "unet")
    assert [config.model.refiner for config in given] == ["none", "unet"]
    assert [row["refiner"] for row in found.rows] == ["", "unet"]
    shares = [row["refiner's share %"] for row in found.rows]
    assert shares[0] == 0 and 0 < shares[1] < 100


def test_an_interrupted_report_leaves_a_whole_one_as_it_was(tmp_path):
    row = {"model": "gan", "ms": 2.0}
    whole = report.Benchmark("peer", [row], ("model",), "ms")
    report.write(whole, {}, "command", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    part = dataclasses.replace(whole, rows=[row | {"ms": 3.0}], interrupted=True)
    report.write(part, {}, "command", tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    rows = json.loads((tmp_path / "peer_interrupted.json").read_text())["rows"]
    assert rows == part.rows and len(list(tmp_path.iterdir())) == 6


def test_the_input_benchmark_tells_what_it_is_at(instant, capfd, monkeypatch):
    from vaegan_jax.benchmark import inputs

    examples = make_examples(3)
    batches = lambda *_: itertools.repeat({"views": examples.views})  # noqa: E731
    for module in (inputs.tfds_source, inputs.packed_source):
        name = "stream_batches" if module is inputs.tfds_source else "device_batches"
        monkeypatch.setattr(module, name, batches)
    monkeypatch.setattr(inputs.tfds_source, "read_split", lambda *_: examples)
    monkeypatch.setattr(inputs, "compile_step", lambda config: instant)
    assert len(inputs.run("a folder", 32, 2, 3, 4).rows) == 5
    told = progress_lines(capfd.readouterr().err)
    told = [line for line in told if line.startswith("input")]  # not TensorFlow's
    assert told[1].startswith("input, decoding train: 0/29, ")  # 3 (2 + 4) + 2 + 5 + 4
    assert told[-1].startswith(
        "input, steps that wait for batches, compiling first: 29/"
    )


def test_the_stream_benchmark_adds_up(instant, capfd, monkeypatch, tmp_path):
    from vaegan_jax.benchmark import streaming

    monkeypatch.setattr(streaming, "compile_step", lambda config: instant)
    monkeypatch.setattr(streaming, "_ALONE", 6)
    write_packed(tmp_path / "a.npz", make_examples(5, resolution=32))
    found = streaming.run(tmp_path / "a.npz", 32, 2, 3, 12)
    told = progress_lines(capfd.readouterr().err)
    assert told[0].startswith("stream: 0/18, ") and ": 18/18, " in told[-1]
    assert [row["steps"] for row in found.rows][1::8] == ["3 to 4", "12 to 12"]
    for row in found.rows:
        assert 0 < row["waits ms"] < row["step ms"]
        share = row["waits % of a step"]
        assert share == pytest.approx(100 * row["waits ms"] / row["step ms"])
        assert 2**5 < row["anonymous MiB"] < row["resident MiB"]
    with pytest.raises(UserError, match="is no packed file"):
        streaming.run(tmp_path, 32, 2, 3, 12)


def test_the_sampling_benchmark_tells_what_it_is_at(capfd, monkeypatch):
    model = make_model("gan")
    monkeypatch.setattr(sampling, "load", lambda *_: model)
    assert len(sampling.run("a folder", "latest", (1, 2), 3).rows) == 2
    told = progress_lines(capfd.readouterr().err)
    assert told[0].startswith("sampling: 0/10, ")
    assert told[-1].startswith("sampling: 10/10, ") and ", round 3 of 3" in told[-1]


@pytest.mark.slow
def test_the_sampling_benchmark_knows_cameras_or_not(monkeypatch):
    model = make_model("vae_gan", **REFINER)
    monkeypatch.setattr(sampling, "load", lambda *_: model)
    rows = sampling.run("a folder", "latest", (1,), 1).rows
    assert [row["what"] for row in rows] == [
        "sample 1",
        "reconstruct from 1",
        "reconstruct from 1, cameras known",
        "reconstruct from 12",
        "reconstruct from 12, cameras known",
    ]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["encoding", "--views=0"], "argument --views: invalid numbers value: '0'"),
        (["step", "--models=wgan"], "'wgan' is none of gan, vae_gan, mv_vae_gan"),
        (["sampling", "--workdir=/nowhere"], "/nowhere"),
        (["speed"], "invalid choice: 'speed'"),
    ],
)
def test_wrong_arguments_are_one_line(arguments, message):
    wrong = run(*arguments)
    assert wrong.returncode != 0 and message in wrong.stderr.splitlines()[-1]
    assert "Traceback" not in wrong.stderr
