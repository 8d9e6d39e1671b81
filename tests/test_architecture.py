"""The rooms import from the floors below them alone, and the page on them is right."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
# A process, because the linter sets up the logging of its own.
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


def test_no_import_goes_up():
    command = [sys.executable, "-c", LINT, "--no-cache"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


# All but commands, of which each defines the flags, and what wants an extra.
IMPORT_ALL = """
import importlib, pkgutil
import vaegan_jax
for module in pkgutil.walk_packages(vaegan_jax.__path__, "vaegan_jax."):
    if module.name.startswith(("vaegan_jax.cli", "vaegan_jax.__main__")):
        continue
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        assert error.name in ("gradio", "torch", "tensorflow"), error
"""


def test_importing_starts_no_backend():
    """Else no command could name a missing platform, and forked processes would hang.

    A platform that does not exist shows that none is asked for.
    """
    environment = os.environ | {"JAX_PLATFORMS": "none"}
    command = [sys.executable, "-c", IMPORT_ALL]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_the_page_names_files_that_exist():
    named = re.findall(r"`([\w/]+\.py)`", PAGE)
    absent = [
        name
        for name in named
        if not any((ROOT / base / name).exists() for base in ("", "vaegan_jax"))
    ]
    assert named
    assert absent == []


def test_the_page_names_every_room():
    rooms = {p.parent.name for p in ROOT.glob("vaegan_jax/*/__init__.py")}
    assert {room for room in rooms if f"`{room}/`" not in PAGE} == set()


def test_the_page_names_functions_that_exist():
    """Those that it names after their file, as `file.py`: `function`."""
    named = re.findall(r"`([\w/]+\.py)`: ((?:`[\w.]+`(?:, | and )?)+)", PAGE)
    assert named
    for file, functions in named:
        source = (ROOT / "vaegan_jax" / file).read_text("utf-8")
        for function in re.findall(r"`([\w.]+)`", functions):
            name = function.rpartition(".")[2]
            assert re.search(rf"(def|class) {name}\b", source), f"{file}: {name}"
