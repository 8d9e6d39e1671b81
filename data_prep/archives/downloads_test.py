"""Cut connections are taken up again, and nothing wrong gets the final name."""

import hashlib
import http.server
import threading

import numpy as np
import pytest

from data_prep.archives import downloads
from data_prep.archives.downloads import fetch
from vaegan_jax.errors import UserError

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT at any address but /missing.

    Attributes:
      cut_after: bytes after which connections break; None serves all.
      ranges: whether it honours Range.
      starts: at which byte each answer began.
    """

    cut_after, ranges = None, True
    content, tag = CONTENT, '"one"'

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.starts = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path="/file.zip"):
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, start = self.server, 0
        if self.path == "/missing":
            return self.send_error(404)
        wanted = self.headers.get("Range")
        unchanged = self.headers.get("If-Range", server.tag) == server.tag
        if wanted and server.ranges and unchanged:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(server.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.content)}")
            self.end_headers()
            return None
        server.starts.append(start)
        rest = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.send_header("ETag", server.tag)
        self.end_headers()
        self.wfile.write(rest[: server.cut_after])
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(downloads, "_FIRST_PAUSE", 0.0)
    with Server() as server:
        yield server
        server.shutdown()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "folder" / "file.zip"


def test_a_whole_file_is_fetched_once(server, target):
    for _ in range(2):
        fetch([server.url()], target, SHA256)
        assert target.read_bytes() == CONTENT
    assert server.starts == [0]
    assert [file.name for file in target.parent.iterdir()] == ["file.zip"]


def test_broken_connections_are_taken_up_again(server, target):
    server.cut_after = 70_000
    fetch([server.url()], target, SHA256)
    assert target.read_bytes() == CONTENT
    assert server.starts == [i * downloads._BLOCK for i in range(5)]


def test_a_later_call_goes_on(server, target):
    partial = target.with_name("file.zip.part")
    partial.parent.mkdir()
    partial.write_bytes(CONTENT[:123_456])
    fetch([server.url()], target, SHA256)
    assert target.read_bytes() == CONTENT and server.starts == [123_456]


def test_a_complete_partial_file_is_enough(server, target):
    target.parent.mkdir()
    target.with_name("file.zip.part").write_bytes(CONTENT)
    fetch([server.url()], target, SHA256)
    assert target.read_bytes() == CONTENT and server.starts == []


def test_a_partial_file_that_is_too_long_is_begun_anew(server, target):
    target.parent.mkdir()
    target.with_name("file.zip.part").write_bytes(CONTENT + b"more")
    fetch([server.url()], target, SHA256)
    assert target.read_bytes() == CONTENT and server.starts == [0]


def test_servers_without_ranges(server, target):
    server.ranges = False
    target.parent.mkdir()
    target.with_name("file.zip.part").write_bytes(CONTENT[:1000])
    fetch([server.url()], target, SHA256)
    assert target.read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_not_patched_together(server, target):
    server.cut_after = 0
    with pytest.raises(UserError):
        fetch([server.url()], target)
    target.with_name("file.zip.part").write_bytes(CONTENT[:1000])
    server.cut_after, server.content, server.tag = None, CONTENT[::-1], '"two"'
    fetch([server.url()], target)
    assert target.read_bytes() == CONTENT[::-1]


def test_the_next_mirror_and_its_reasons(server, target):
    fetch([server.url("/missing"), "http://127.0.0.1:9/x", server.url()], target)
    assert target.read_bytes() == CONTENT
    target.unlink()
    with pytest.raises(
        UserError, match=r"could not be downloaded: .*404.*refused"
    ) as e:
        fetch([server.url("/missing"), "http://127.0.0.1:9/x"], target)
    assert "\n" not in str(e.value)
    assert not target.exists()


def test_another_checksum(server, target):
    with pytest.raises(UserError, match=f"has the SHA-256 {SHA256}, not 00"):
        fetch([server.url()], target, "0" * 64)
    assert not list(target.parent.iterdir())


def test_a_connection_that_brings_nothing_is_given_up(server, target):
    server.cut_after = 0
    with pytest.raises(UserError, match=r"could not be downloaded"):
        fetch([server.url()], target, SHA256)
    assert not target.exists()
