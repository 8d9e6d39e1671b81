"""Files that visitors of the page may download: one folder for each request."""

import contextlib
import functools
import pathlib
import shutil
import tempfile
import threading
import time

from vaegan_jax.inference.shape_files import ShapeWriter

KEPT_SECONDS = 3600
WRITER = ShapeWriter(formats=("glb", "stl", "obj"), min_part=4)

_one_at_a_time = threading.Lock()  # requests come in threads


def new_folder() -> pathlib.Path:
    """For the files of one request; those of long ago go, and all when we end."""
    with _one_at_a_time:
        root = pathlib.Path(_files().name)
        for old in root.iterdir():
            # The server's own sweep may be quicker.
            with contextlib.suppress(FileNotFoundError):
                if old.stat().st_mtime < time.time() - KEPT_SECONDS:
                    shutil.rmtree(old, ignore_errors=True)
        return pathlib.Path(tempfile.mkdtemp(dir=root))


@functools.cache
def _files() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="vaegan_jax_demo_")
