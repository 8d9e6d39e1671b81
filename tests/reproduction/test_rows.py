"""What rows are made of, and that it runs."""

import dataclasses
import json
import pathlib
import runpy
import sys

import pytest

from tests.helpers import assert_error
from tests.preloaded import run
from vaegan_jax.cli.config_path import experiments
from vaegan_jax.cli.prepare_data import parse
from vaegan_jax.errors import UserError
from vaegan_jax.reproduction import commands
from vaegan_jax.reproduction.commands import DOWNLOAD, Setting, Step
from vaegan_jax.reproduction.reproduce import list_rows, usual
from vaegan_jax.reproduction.rows import ROWS, find, steps_of
from vaegan_jax.runtime.lock import hold

SCRIPT = "scripts/reproduce.py"


@pytest.mark.parametrize("name", ROWS)
def test_every_step_reads_what_one_before_has_made(name):
    row, setting = ROWS[name], usual("there")
    steps = steps_of(row, setting)
    made = {setting.voxels, setting.views}
    for step in steps:
        paths = [part.partition("=")[2] for part in step.arguments]
        read = {path for path in paths if path.startswith("there/")} - {step.output}
        assert all(path.startswith(tuple(made)) for path in read), step.shown()
        made.add(step.output)
    assert steps[-1].command == "evaluate" and steps[-1].output in made
    assert len({step.name for step in steps}) == len(steps)
    for seed in (0, 1):
        others = steps_of(row, dataclasses.replace(setting, seed=seed))
        same = [a == b for a, b in zip(steps, others, strict=True)]
        data = [step.command == "prepare-data" for step in steps]
        assert same == ([True] * len(steps) if seed == 0 else data)


def test_trainings_are_of_experiments_that_there_are():
    for row in ROWS.values():
        for step in steps_of(row, usual()):
            if step.command == "train":
                config = step.arguments[0].removeprefix("--config=").partition(":")[0]
                assert config in experiments()


def test_real_chairs_may_be_meshes():
    first, *_ = steps_of(find("gan"), Setting(modelnet="ModelNet10.zip"))
    assert first.arguments[:3] == (
        *("meshes", "--input=ModelNet10.zip", "--category=chair"),
    )
    first, *_ = steps_of(find("gan"), Setting(modelnet=DOWNLOAD))
    assert first.arguments[0] == "modelnet"


def test_what_is_missing_is_named():
    with pytest.raises(UserError, match="the row gan_best needs real chairs: give"):
        steps_of(find("gan_best"), Setting(voxels="one.zip"))
    with pytest.raises(UserError, match="no row 'best'; there are mv_vae_gan_best, "):
        find("best")
    steps_of(find("gan:demo"), Setting())


def test_two_runs_do_not_remove_what_the_other_makes(tmp_path):
    said = f"another run is reproducing in {tmp_path} (process "
    with hold(tmp_path):
        assert_error(run(SCRIPT, "--row=gan:demo", f"--output={tmp_path}"), said)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_folder_of_scripts_may_be_another_librarys(tmp_path, monkeypatch):
    """As there are in site-packages."""
    here = pathlib.Path(commands.__file__)
    installed = tmp_path / "vaegan_jax" / "reproduction" / here.name
    (tmp_path / "scripts").mkdir()
    installed.parent.mkdir(parents=True)
    installed.write_text(here.read_text("utf-8"), "utf-8")
    step = runpy.run_path(str(installed))["Step"]("a", "train", ("--b=c",), "d")
    assert step.argv() == [sys.executable, "-m", "vaegan_jax", "train", "--b=c"]
    assert step.shown() == "vaegan train --b=c"


def test_the_list_has_every_row_and_its_commands():
    text = list_rows(Setting())
    for name in ROWS:
        assert f"{name}: needs " in text
    assert "prepare_data.py archive --ring --voxels=modelnet10_chairs_binvox32" in text


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "give --row=NAME, or --list"),
        (("--row=gan",), "the row gan needs real chairs"),
        (("--row=gan", "--voxels=a.zip", "--views=b.tar"), "a.zip does not exist"),
        (("--row=gan", "--modelnet=m.zip"), "m.zip does not exist, which the row gan"),
        (("--row=gan:demo", "--seeds=0,x"), "--seeds=0,x: give whole numbers"),
        (("--row=gan:demo", f"--seeds={2**31}"), "from 0 up to 2³¹ − 1"),
        (("--row=gan:demo", "--seeds="), "--seeds=: give whole numbers"),
    ],
)
def test_wrong_flags_get_one_sentence(flags, said, tmp_path):
    assert_error(run(SCRIPT, *flags, f"--output={tmp_path}"), said)
    assert not list(tmp_path.iterdir())


def _all_steps() -> list[Step]:
    """Of all rows, as they are and with next to no work."""
    quick = dataclasses.replace(usual(), seed=1, quick=True)
    settings = (usual(), quick, Setting(modelnet=DOWNLOAD))
    steps = {
        step
        for row in ROWS.values()
        for setting in settings
        for step in steps_of(row, setting)
    }
    return sorted(steps, key=lambda step: step.shown())


def test_commands_that_make_data_have_options_that_exist():
    with pytest.raises(UserError, match="unrecognized arguments: --copy=8"):
        parse(["deform", "--packed=a.npz", "--output=b.npz", "--copy=8"])
    for step in _all_steps():
        if step.command == "prepare-data":
            assert parse(list(step.arguments)).function.__name__ == step.arguments[0]


@pytest.mark.slow
def test_trainings_and_evaluations_have_flags_that_exist():
    for step in _all_steps():
        if step.command != "prepare-data":
            made = run(*step.argv()[1:], "--only_check_args")
            assert made.returncode == 0, f"{step.shown()}: {made.stderr}"


@pytest.mark.slow
def test_a_row_is_made_from_nothing_and_then_not_again(tmp_path):
    command = (SCRIPT, "--row=mv_vae_gan_furniture:refined", "--quick")
    made = run(*command, f"--output={tmp_path}")
    assert made.returncode == 0, made.stdout + made.stderr
    folder = tmp_path / "quick"
    record = json.loads(
        (folder / "rows" / "mv_vae_gan_furniture-refined.json").read_text()
    )
    assert record["seeds"] == [0] and len(record["steps"]) == 5
    assert all(step["seconds"] > 0 for step in record["steps"])
    assert {"processor", "cores", "packages"} <= set(record["machine"])
    lines = record["lines"]["Reconstruction"]
    assert [cells[0].partition(":refined`")[2] for cells in lines] == [
        *("", ": cameras estimated"),
    ]
    text = (folder / "results.md").read_text()
    assert "| `mv_vae_gan_furniture:refined` | 2, " in text and "## New shapes" in text
    again = run(*command, f"--output={tmp_path}")
    assert again.returncode == 0 and again.stdout.count("# complete: ") == 5
    assert "\n$ " not in again.stdout
