"""Where ModelNet (Wu et al. 2015, https://modelnet.cs.princeton.edu) is found."""

import dataclasses
import hashlib
import pathlib

from vaegan_jax.errors import UserError

from .archive import Archive
from .downloads import fetch


@dataclasses.dataclass(frozen=True)
class Release:
    """One of the two archives: its mirrors, and the checksum that projects publish."""

    urls: tuple[str, ...]
    sha256: str


RELEASES = {
    10: Release(
        (
            "http://3dvision.princeton.edu/projects/2014/3DShapeNets/ModelNet10.zip",
            "http://vision.princeton.edu/projects/2014/3DShapeNets/ModelNet10.zip",
            "https://3dshapenets.cs.princeton.edu/ModelNet10.zip",
        ),
        "9d8679435fc07d1d26f13009878db164a7aa8ea5e7ea3c8880e42794b7307d51",
    ),
    40: Release(
        (
            "https://modelnet.cs.princeton.edu/ModelNet40.zip",
            "http://modelnet.cs.princeton.edu/ModelNet40.zip",
        ),
        "42dc3e656932e387f554e25a4eb2cc0e1a1bd3ab54606e2a9eae444c60e536ac",
    ),
}


def fetch_modelnet(
    folder: pathlib.Path,
    version: int = 10,
    url: str | None = None,
    sha256: str | None = None,
) -> tuple[pathlib.Path, str]:
    """The archive, downloaded if it is not in the folder yet.

    Args:
      folder: where it is or will be.
      version: 10 or 40.
      url: take it from there instead.
      sha256: of what is there, which is not checked otherwise.

    Returns:
      The path of the zip, and where it came from, for the metadata.

    Raises:
      UserError: if it cannot be downloaded, or what comes from `url` is no archive.
    """
    if sha256 and not url:
        raise UserError("--sha256 is for a --url of your own; give both")
    release = RELEASES[version]
    if url is None:
        path = folder / f"ModelNet{version}.zip"
        try:
            fetch(release.urls, path, release.sha256)
        except UserError as error:
            raise UserError(
                f"{error}; if you have the archive, give it to the command meshes as "
                "--input, or another address as --url"
            ) from error
        return path, f"ModelNet{version}, SHA-256 {release.sha256}"
    # Another address or checksum is another file, whatever its name.
    prefix = hashlib.sha256(f"{url} {sha256 or ''}".encode()).hexdigest()[:8]
    path = folder / f"{prefix}_ModelNet{version}.zip"
    fetch([url], path, sha256)
    try:
        with Archive(path):
            pass
    except UserError as error:
        path.unlink()
        raise UserError(f"what came from {url} is not kept: {error}") from error
    return path, url + (f", SHA-256 {sha256}" if sha256 else "")
