"""Commands without --workdir, and where they write."""

import pytest

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
