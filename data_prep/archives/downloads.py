"""Downloads that go on where they were cut off, from the first mirror that answers."""

import hashlib
import pathlib
import time
from collections.abc import Iterator, Sequence

import requests

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.progress import Progress

_PATIENCE = 4  # attempts in a row that bring nothing before the next mirror is tried
_FIRST_PAUSE = 1.0  # seconds; doubled from attempt to attempt
_TIMEOUT = (15, 60)  # seconds to connect, and without any data
_BLOCK = 1 << 16  # what a broken connection costs at most


def fetch(urls: Sequence[str], target: pathlib.Path, sha256: str | None = None) -> None:
    """Downloads a file, unless it is there.

    What has come so far waits in `target` + `.part`; a broken connection is taken up
    again there, in this call or in a later one. The file has its name only when it is
    whole and its checksum right.

    Args:
      urls: mirrors of the same file, the best first.
      target: where it is to be.
      sha256: its checksum; None checks the length alone.

    Raises:
      UserError: if no mirror has it; the message says what each of them did.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    reasons = []
    for url in urls:
        try:
            _fetch_from(url, partial)
            _check(partial, sha256)
        except (requests.RequestException, UserError) as error:
            reasons.append(f"{url}: {_brief(error)}")
            continue
        partial.rename(target)
        _tag(partial).unlink(missing_ok=True)
        return
    kept = f"; {partial} is where the next attempt goes on" if partial.exists() else ""
    raise UserError(
        f"{target.name} could not be downloaded: {'; '.join(reasons)}{kept}"
    )


def _fetch_from(url: str, partial: pathlib.Path) -> None:
    """Downloads with new attempts for as long as they bring something."""
    failures = 0
    while True:
        before = _size(partial)
        try:
            return _attempt(url, partial)
        except (requests.ConnectionError, requests.Timeout) as error:
            cut = error
        except requests.exceptions.ChunkedEncodingError as error:  # ended too early
            cut = error
        failures = failures + 1 if _size(partial) <= before else 0
        if failures == _PATIENCE:
            raise cut
        time.sleep(_FIRST_PAUSE * 2**failures)


def _attempt(url: str, partial: pathlib.Path) -> None:
    start, tag = _size(partial), _tag(partial)
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if tag.exists():  # so that a file that has changed is not patched together
            headers["If-Range"] = tag.read_text("utf-8")
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
        if answer.status_code == 416:  # nothing is left, or what we have is too long
            if answer.headers.get("Content-Range") == f"bytes */{start}":
                return
            partial.unlink()
            raise requests.ConnectionError("the partial file does not fit; begun anew")
        answer.raise_for_status()
        if answer.status_code != 206:
            start = 0
        total = start + int(answer.headers.get("Content-Length", 0))
        mark = answer.headers.get("ETag", "")
        mark = mark if mark.startswith('"') else answer.headers.get("Last-Modified", "")
        tag.write_text(mark, "utf-8") if mark else tag.unlink(missing_ok=True)
        with partial.open("ab" if start else "wb") as file:
            for block in _shown(answer, partial.stem, start, total):
                file.write(block)
    if total and _size(partial) != total:
        raise requests.ConnectionError(f"ended after {_size(partial):,} bytes")


def _shown(answer, name: str, start: int, total: int) -> Iterator[bytes]:
    """The blocks of an answer, while they come."""
    units = {"unit": "B", "unit_scale": True, "unit_divisor": 1024}
    with Progress(name, total=total or None, initial=start, **units) as bar:
        for block in answer.iter_content(_BLOCK):
            yield block
            bar.update(len(block))


def _check(partial: pathlib.Path, sha256: str | None) -> None:
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 and found != sha256.lower():
        partial.unlink()
        _tag(partial).unlink(missing_ok=True)
        raise UserError(f"what came has the SHA-256 {found}, not {sha256.lower()}")


def _size(path: pathlib.Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tag(partial: pathlib.Path) -> pathlib.Path:
    return partial.with_name(partial.name + ".tag")


def _brief(error: Exception) -> str:
    """The reason alone: requests wraps urllib3's errors, and those wrap others."""
    inner = error.args[0] if error.args else error
    inner = getattr(inner, "reason", inner)
    while getattr(inner, "args", None):
        inner = inner.args[0]
    return str(inner).splitlines()[0]
