"""What comes with the library comes with a wheel, and is left as it is."""

import pathlib
import runpy

import setuptools

from tests.helpers import ROOT
from vaegan_jax import pretrained

FOLDER = ROOT / "vaegan_jax/pretrained"


def test_every_file_is_named_in_the_package_data(monkeypatch):
    given = {}
    monkeypatch.setattr(setuptools, "setup", lambda **fields: given.update(fields))
    runpy.run_path(str(ROOT / "setup.py"))
    assert "vaegan_jax.pretrained" in given["packages"]
    patterns = given["package_data"]["vaegan_jax.pretrained"]
    shipped = {path for pattern in patterns for path in FOLDER.glob(pattern)}
    files = {p for p in FOLDER.rglob("*") if p.is_file() and p.suffix != ".pyc"}
    assert files - shipped == {FOLDER / "__init__.py"}
    compiled = pathlib.PurePath("__pycache__/__init__.pyc")  # of this machine's Python
    assert not any(map(compiled.match, patterns))


def test_the_default_model_is_one_of_those_here():
    folder = pretrained.default_model()
    assert folder.parent == FOLDER and (folder / "weights.safetensors").is_file()


def test_a_folder_is_known_as_the_librarys_own_through_links(tmp_path):
    (tmp_path / "link").symlink_to(pretrained.default_model())
    assert pretrained.is_here(tmp_path / "link")
    assert not pretrained.is_here(pathlib.Path("vaegan_jax"))
