"""Where files go that can be made again."""

import subprocess
import sys

from tests.helpers import ROOT
from vaegan_jax.runtime.cache import cache_directory

SCRIPT = """
import jax
from vaegan_jax.runtime.cache import keep_compiled_programs
keep_compiled_programs()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
hits = []
listen = jax.monitoring.register_event_listener
listen(lambda event, **_: hits.append(event) if "cache_hits" in event else None)
jax.jit(lambda x: jax.numpy.sin(x) @ x.T)(jax.numpy.ones((3, 3)))
print(len(hits), jax.config.jax_compilation_cache_dir)
"""


def test_the_environment_says_where(monkeypatch, tmp_path):
    monkeypatch.delenv("VAEGAN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "vaegan_jax"
    monkeypatch.setenv("VAEGAN_CACHE", str(tmp_path / "mine"))
    assert cache_directory() == tmp_path / "mine"


def test_a_second_start_compiles_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("VAEGAN_CACHE", str(tmp_path))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)

    def start():
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True
        )
        hits, directory = run.stdout.split()
        return int(hits), directory

    hits, directory = start()
    assert hits == 0 and directory.startswith(f"{tmp_path}/compiled/")
    assert start()[0] > 0


def test_a_directory_that_was_chosen_stays(monkeypatch, tmp_path):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path))
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout.split()[1] == str(tmp_path)
