"""The command `vaegan`, and the wheel that brings it."""

import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from absl import flags as absl_flags

import vaegan_jax
from tests.helpers import ROOT, assert_error
from tests.preloaded import run
from vaegan_jax.cli import config_path
from vaegan_jax.cli.main import COMMANDS, usage
from vaegan_jax.pretrained import DEFAULT

VAEGAN = "vaegan_jax/__main__.py"  # python -m vaegan_jax


def test_help_fits_a_screen_and_says_where_to_begin():
    text = usage()
    assert text.count("\n") < 23 and max(map(len, text.splitlines())) <= 80
    assert "vaegan train --config=mv_vae_gan:demo" in text
    assert all(f"  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("arguments", [(), ("--help",), ("help",), ("-h",)])
def test_whoever_asks_is_told_how_to_begin(arguments):
    assert run(VAEGAN, *arguments) == (0, f"{usage()}\n", "")


def test_the_version_is_that_of_the_package():
    assert run(VAEGAN, "--version").stdout == f"vaegan_jax {vaegan_jax.__version__}\n"


def test_data_prep_may_lie_inside_of_the_library():
    """So its modules import each other without its name."""
    for path in (ROOT / "data_prep").rglob("*.py"):
        absolute = re.search(
            r"^\s*(from|import) data_prep", path.read_text("utf-8"), re.M
        )
        assert path.name.endswith("_test.py") or not absolute, path


def test_every_script_is_a_command():
    scripts = {path.stem.replace("_", "-") for path in (ROOT / "scripts").glob("*.py")}
    assert scripts == set(COMMANDS)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "train" else pytest.mark.slow)
        for name in COMMANDS
    ],
)
def test_a_command_has_the_flags_of_its_script(name):
    script = f"scripts/{name.replace('-', '_')}.py"
    as_command = run(VAEGAN, name, "--help")
    as_script = run(script, "--help")
    told = [
        set(re.findall(r"^ +(--?[\[\]\w-]+|\w+ {2,})", made.stdout, re.MULTILINE))
        for made in (as_command, as_script)
    ]
    assert told[0] == told[1] and len(told[0]) > 2, as_command.stderr


def test_an_unknown_command_is_named():
    made = run(VAEGAN, "tarin")
    assert_error(made, "there is no command 'tarin'; there are train, sample, ")


def test_experiments_are_found_by_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where there is no folder configs

    parser = config_path.ConfigPathParser(absl_flags.ArgumentParser())
    assert parser.parse("gan:demo") == f"{ROOT}/configs/gan.py:demo"
    assert "mv_vae_gan_best" in config_path.experiments()
    with pytest.raises(
        Exception, match="no experiment 'gna'; there are gan, gan_best,"
    ):
        parser.parse("gna:demo")


@pytest.mark.slow
def test_a_wheel_holds_one_package_with_experiments_and_makers_of_data(tmp_path):
    source = tmp_path / "source"  # where nobody has built before
    leave = shutil.ignore_patterns(".*", "build", "runs", "*.egg-info")
    shutil.copytree(ROOT, source, ignore=leave)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path]
    subprocess.run([*build, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"vaegan_jax"}
    for part in (
        *("py.typed", "__init__.pyi", "configs/mv_vae_gan.py", "shapes/gallery.html"),
        *("data_prep/prepare.py", "data_prep/mesh_folder/CITATIONS.bib"),
        *(f"pretrained/{DEFAULT}/weights.safetensors", "pretrained/README.md"),
        "pretrained/examples/chair_1.png",
    ):
        assert f"vaegan_jax/{part}" in names
    assert not any(name.endswith("_test.py") for name in names)
