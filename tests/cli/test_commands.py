"""The real commands, as a user types them."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import trimesh

from tests.helpers import RESOLUTION, ROOT, TINY_FLAGS, make_examples, write_packed
from tests.preloaded import run
from vaegan_jax.inference.shape_files import ShapeWriter
from vaegan_jax.shapes.voxel_files import read_binvox

DEMO = ["scripts/train.py", "--config=configs/mv_vae_gan.py:demo"]


def start(*arguments, **environment):
    """A process of its own, as a shell starts it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("data") / "data.npz"
    splits = ("train", "validation", "test")
    write_packed(path, make_examples(count=6, num_views=12), splits)
    return str(path)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory, data) -> str:
    path = str(tmp_path_factory.mktemp("run"))
    steps = "--config.train.num_steps=2"
    made = run(
        *DEMO, *TINY_FLAGS, steps, f"--config.data.dir={data}", f"--workdir={path}"
    )
    assert made.returncode == 0, made.stderr
    return path


@pytest.mark.long  # .ci/run does most of it
@pytest.mark.slow
def test_the_demo_command_makes_its_data_trains_and_resumes(tmp_path):
    """The README's first command, stopped after two steps, then run again.

    Convolutions are gathered: a few steps do not repay compiling faster ones.
    """
    cache = {"VAEGAN_CACHE": str(tmp_path / "cache")}
    gather = "--config.model.convolution=gather"
    arguments = [*DEMO, gather, f"--workdir={tmp_path / 'run'}"]
    first = start(*arguments, "--config.train.num_steps=2", **cache)
    assert first.returncode == 0, first.stderr
    assert "finished all 2 steps" in first.stdout
    again = start(*arguments, "--config.train.num_steps=3", **cache)
    assert again.returncode == 0, again.stderr
    assert "resuming mv_vae_gan" in again.stdout and "at step 2 of 3" in again.stdout
    assert (tmp_path / "run/images/reconstructions_000003.png").exists()


def test_sample_writes_meshes_grids_and_arrays(workdir, tmp_path):
    output = tmp_path / "out"
    made = run(
        "scripts/sample.py",
        f"--workdir={workdir}",
        "--num_samples=3",
        f"--output={output}",
    )
    assert made.returncode == 0, made.stderr
    arrays = np.load(output / "samples.npz")
    assert arrays["voxels"].shape == (3, *(RESOLUTION,) * 3)
    assert arrays["latents"].shape == (3, 200)
    assert (output / "samples.png").exists()
    for i, shape in enumerate(arrays["voxels"]):
        grid = read_binvox(output / f"sample_{i:03d}.binvox")
        np.testing.assert_array_equal(grid, ShapeWriter().filled(shape[None])[0])
        mesh = output / f"sample_{i:03d}.glb"
        assert mesh.exists() == grid.any()
        if grid.any():
            assert trimesh.load(mesh, force="mesh").is_watertight


@pytest.mark.slow
def test_sampling_takes_a_seed(workdir, tmp_path):
    def sample(seed, name):
        output = tmp_path / name
        flags = [f"--seed={seed}", "--num_samples=1", f"--output={output}"]
        assert run("scripts/sample.py", f"--workdir={workdir}", *flags).returncode == 0
        return np.load(output / "samples.npz")["latents"]

    np.testing.assert_array_equal(sample(1, "a"), sample(1, "b"))
    assert (sample(1, "a") != sample(2, "c")).any()


def test_a_checkpoint_that_is_missing_is_named(workdir):
    missing = run("scripts/sample.py", f"--workdir={workdir}", "--checkpoint=77")
    assert missing.returncode == 1
    assert "has no checkpoint 77; it has 2" in missing.stderr


def test_evaluate_compares_two_runs_and_writes_reports(workdir, tmp_path):
    """On other data than those of training, which tell no categories."""
    other = make_examples(count=6, num_views=12, seed=1)
    other.categories.extend("aabbba")
    write_packed(tmp_path / "other.npz", other, ("train", "validation", "test"))
    made = run(
        "scripts/evaluate.py",
        *(f"--workdir={workdir}", f"--workdir={workdir}", "--checkpoint=best"),
        *("--split=test", "--draws=1", "--sets=1", "--labels=category"),
        f"--data_dir={tmp_path / 'other.npz'}",
        f"--training_data={tmp_path / 'other.npz'}",
        f"--output={tmp_path / 'out'}",
    )
    assert made.returncode == 0, made.stderr
    for count in (1, 2, 3, 4, 6, 8, 12):
        assert f"| model, {count} view" in made.stdout
    for part in (
        "| mean training shape |",
        "the step was chosen on the held-out training shapes",
        "/other.npz (1 shapes), of which some are measured here",
        "Of these shapes 0 are in the training split of ",
        "Of the shapes 0 are in the training split of the first, 0 in that",
        "| most frequent class | 50.0 |",
        "| discriminator features | 100.0 |",
        "Differences: ",
    ):
        assert part in made.stdout
    for name in ("comparison.md", "comparison.json", "comparison.png"):
        assert (tmp_path / "out" / name).exists()
    for name in ("report.md", "metrics.json", "samples.png", "reconstructions.png"):
        assert (tmp_path / "out" / "model_1" / name).exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--config.train.bach_size=3"], "'train.bach_size': did you mean 'batch_size"),
        (["--config.trian.batch_size=3"], "'trian.batch_size': did you mean 'train'"),
        (["--config.train.batch_size=many"], "batch_size=many: invalid literal"),
        (["--config.model.pooling=sum"], "config.model.pooling is 'sum'; it must be"),
        (["--confg=x"], "Did you mean: config"),
        (["stray"], "unexpected argument 'stray'"),
        (["--config.data.dir=/nowhere"], "/nowhere does not exist"),
    ],
)
def test_mistakes_end_with_one_sentence(arguments, message, tmp_path):
    made = run(*DEMO, f"--workdir={tmp_path / 'run'}", *arguments)
    assert made.returncode == 1
    assert message in made.stderr
    assert made.stderr.startswith("error: ") and made.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "config, message",
    [
        ("configs/none.py", "configs/none.py"),
        ("configs/gan.py:quick", "'quick' does not exist"),
        ("configs/gan_best.py:demo", "'demo' does not exist: the configs named _best"),
        ("configs/vae_gan_best.py:gpu", "'gpu' does not exist: the configs"),
    ],
)
def test_a_wrong_config_file_or_variant_is_named(config, message):
    made = run("scripts/train.py", f"--config={config}")
    assert made.returncode == 1
    assert message in made.stderr and made.stderr.count("\n") == 1


@pytest.mark.slow
def test_packed_training_sampling_and_evaluation_need_no_tensorflow(data, tmp_path):
    """A module that cannot be imported stands in front of TensorFlow."""
    for name in ("tensorflow", "tensorflow_datasets"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('blocked')")
    path = {"PYTHONPATH": str(tmp_path)}
    workdir = f"--workdir={tmp_path / 'run'}"
    steps = "--config.train.num_steps=1"
    made = start(
        *DEMO, *TINY_FLAGS, steps, f"--config.data.dir={data}", workdir, **path
    )
    assert made.returncode == 0, made.stderr
    assert start("scripts/sample.py", workdir, **path).returncode == 0
    numbers = tmp_path / "numbers.json"
    flags = ("--draws=1", "--sets=1", f"--json={numbers}")
    assert start("scripts/evaluate.py", workdir, *flags, **path).returncode == 0
    assert (tmp_path / "run/evaluation/report.md").exists()
    rows = json.loads(numbers.read_text())["reconstruction"]
    assert {row["views"] for row in rows} >= {1, 2, 3, 6, 12}
