"""What --config takes and refuses, without a process for each."""

import pytest
from absl import flags

from vaegan_jax.cli.config_path import ConfigPathParser
from vaegan_jax.errors import UserError


class Echo(flags.ArgumentParser):
    def parse(self, argument):
        return argument


PARSER = ConfigPathParser(Echo())


def test_the_home_directory_and_variants(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert PARSER.parse("~/c.py:demo") == f"{tmp_path}/c.py:demo"
    assert PARSER.parse("./~/c.py") == "./~/c.py"
    assert PARSER.parse("none.py:a:b") == "none.py:a:b"  # its absence is told later


def test_a_colon_in_the_path_is_named(monkeypatch, tmp_path):
    (tmp_path / "a:b").mkdir()
    (tmp_path / "a:b" / "c.py").touch()
    for variant in ("", ":demo"):
        with pytest.raises(UserError, match=r"a:b/c\.py holds a colon.* name it from"):
            PARSER.parse(f"{tmp_path}/a:b/c.py{variant}")
    monkeypatch.chdir(tmp_path / "a:b")  # the remedy
    assert PARSER.parse("c.py:demo") == "c.py:demo"
