"""Where a command may not write, or keep things: one sentence, before it computes."""

import os
import pathlib

import jax
import pytest

from data_prep.prepare import prepare_modelnet, prepare_procedural
from tests.helpers import make_examples, write_packed
from vaegan_jax.data.inspection import draw
from vaegan_jax.errors import UserError
from vaegan_jax.inference.shape_files import check_writable
from vaegan_jax.runtime import cache


@pytest.fixture
def homeless(monkeypatch):
    for name in ("VAEGAN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(pathlib.Path, "home", home)


def test_the_home_is_not_asked_for_where_the_cache_is_named(homeless, monkeypatch):
    with pytest.raises(UserError, match="no home directory; set VAEGAN_CACHE to"):
        prepare_procedural()
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache.cache_directory() == pathlib.Path("/caches/vaegan_jax")
    monkeypatch.setenv("VAEGAN_CACHE", "/mine")
    assert cache.cache_directory() == pathlib.Path("/mine")


def test_a_cache_that_cannot_be_written_to_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("VAEGAN_CACHE", str(tmp_path / "file/cache"))
    message = r"cannot write to the cache, .*file/cache \(.*Not a dir.*; set VAEGAN"
    with pytest.raises(UserError, match=message):
        prepare_modelnet()


def test_compiled_programs_are_kept_where_that_is_possible(homeless, monkeypatch):
    """Training does without."""
    changes = []
    monkeypatch.setattr(
        type(jax.config), "jax_compilation_cache_dir", None, raising=False
    )
    monkeypatch.setattr(jax.config, "update", lambda *change: changes.append(change))
    with pytest.warns(UserWarning, match="every start compiles anew: .* no home"):
        cache.keep_compiled_programs()
    assert not changes


def test_results_that_cannot_be_written_are_refused_before(tmp_path):
    (tmp_path / "file").touch()
    check_writable(tmp_path / "new/folder")
    assert not (tmp_path / "new").exists()
    with pytest.raises(UserError, match=r"file/out; make .*, or choose another --here"):
        check_writable(tmp_path / "file/out", "--here")


def test_a_folder_is_writable_if_the_kernel_says_so(tmp_path, monkeypatch):
    """Asked for the real user, `os.access` forgets what a capability permits."""
    if os.access not in os.supports_effective_ids:
        pytest.skip("this system does not tell the two apart")
    monkeypatch.setattr(
        os, "access", access := lambda *_, effective_ids=False: effective_ids
    )
    monkeypatch.setattr(os, "supports_effective_ids", {access})
    check_writable(tmp_path)


def test_a_contact_sheet_may_go_elsewhere(tmp_path):
    write_packed(tmp_path / "data.npz", make_examples(1))
    with pytest.raises(UserError, match=r"a.png \(.*\); name another --picture"):
        draw(tmp_path / "data.npz", tmp_path / "data.npz/a.png")
