"""Folders for downloads come and go, also when many ask at once."""

import os
import shutil
import tempfile
import threading

from vaegan_jax.demo import downloads


def test_files_of_long_ago_go():
    old, kept = downloads.new_folder(), downloads.new_folder()
    os.utime(old, (0, 0))
    new = downloads.new_folder()
    assert not old.exists() and kept.exists() and new.exists()
    assert old.parent == kept.parent == new.parent


def test_many_requests_at_once_share_one_place(monkeypatch):
    """Each finds a hundred old folders, which somebody else removes meanwhile."""
    downloads._files.cache_clear()
    made = [downloads.new_folder() for _ in range(100)]
    for folder in made:
        os.utime(folder, (0, 0))
    downloads._files.cache_clear()
    monkeypatch.setattr(downloads.tempfile, "TemporaryDirectory", slow(made[0].parent))
    found, errors, start = [], [], threading.Barrier(8)

    def ask():
        start.wait()
        try:
            found.append(downloads.new_folder())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)
    for thread in threads:
        thread.join()
    downloads._files.cache_clear()
    assert not errors and len(set(found)) == 8
    assert len({folder.parent for folder in found}) == 1


def slow(root):
    """Makes the first place where old folders are, and every further one elsewhere."""
    made = []

    class Place(tempfile.TemporaryDirectory):
        def __init__(self, prefix):
            threading.Event().wait(0.02)
            made.append(self)
            self.name = str(root if len(made) == 1 else root / f"{len(made)}")
            os.makedirs(self.name, exist_ok=True)

    return Place
