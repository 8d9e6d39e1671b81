"""Commands without --workdir, and where they write."""

import pathlib

import pytest

from tests.helpers import assert_error
from tests.preloaded import run
from vaegan_jax import pretrained
from vaegan_jax.cli.model_flags import output_folder


@pytest.mark.parametrize(
    "workdir, folder",
    [
        ("runs/a", "runs/a/samples"),
        ("./pretrained", "./pretrained/samples"),
        (None, "samples"),
        ("pretrained", "samples"),
        ("hf://user/name", "samples"),
        (str(pretrained.default_model()), "samples"),
    ],
)
def test_commands_write_beside_no_model_but_the_users_own(workdir, folder):
    assert output_folder(None, "samples", workdir) == folder
    assert output_folder("there", "samples", workdir) == "there"


def test_what_comes_with_the_library_is_taken_where_no_model_is_named(tmp_path):
    before = sorted(pretrained.default_model().iterdir())
    flags = ("--num_samples=1", "--noturntable", "--format=npz")
    made = run("scripts/sample.py", *flags, f"--output={tmp_path}")
    assert made.returncode == 0, made.stderr
    told = f"with the weights that come with vaegan_jax ({pretrained.DEFAULT})\n"
    assert made.stdout.startswith(told)
    assert (tmp_path / "sample_000.npz").exists()
    assert sorted(pretrained.default_model().iterdir()) == before


@pytest.mark.parametrize("weights", ["hf://user/name", "pretrained"])
def test_weights_are_no_place_to_train_in(weights):
    made = run("scripts/train.py", "--config=gan:demo", f"--workdir={weights}")
    assert_error(made, f"--config.train.initial_model={weights} and a --workdir of")
    assert not pathlib.Path(weights.partition(":")[0]).exists()


def test_what_is_measured_has_to_be_named():
    told = "--workdir is needed", "hf://USER/NAME", "pretrained for those that come"
    assert_error(run("scripts/evaluate.py"), *told)
