import hashlib
import subprocess

import pytest

from vaegan_jax.checkpoints.checksums import NAME, find_damage, write_checksums


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.bin").write_bytes(bytes(range(256)))
    (tmp_path / "b b.txt").write_text("b")
    (tmp_path / "note").write_text("written later")
    write_checksums(tmp_path, ignored=("note",))
    return tmp_path


def test_the_list_is_one_that_sha256sum_reads(folder):
    lines = (folder / NAME).read_text().splitlines()
    assert lines[0] == f"{hashlib.sha256(b'b').hexdigest()}  b b.txt"
    assert len(lines) == 2
    check = ["sha256sum", "--check", "--strict", "--quiet", NAME]
    assert subprocess.run(check, cwd=folder).returncode == 0


def test_a_whole_folder_has_no_damage(folder):
    assert find_damage(folder, ignored=("note",)) is None
    (folder / NAME).unlink()
    assert find_damage(folder) is None


def test_every_damage_is_named(folder):
    assert find_damage(folder) == "note is not in its list of checksums"

    def damage():
        return find_damage(folder, ignored=("note",))

    content = bytearray((folder / "deep/a.bin").read_bytes())
    content[100] ^= 1
    (folder / "deep/a.bin").write_bytes(content)
    assert damage() == "deep/a.bin has changed since it was written"
    assert find_damage(folder, only=("b b.txt",)) is None
    (folder / "deep/a.bin").write_bytes(content[:100])
    assert damage() == "deep/a.bin has changed since it was written"
    (folder / "deep/a.bin").unlink()
    assert damage() == "deep/a.bin is missing or cannot be read"
    (folder / NAME).write_text("")
    assert damage() == "b b.txt is not in its list of checksums"
    (folder / NAME).write_bytes(b"\xff\xfe")
    assert damage() == f"{NAME} is garbled"
