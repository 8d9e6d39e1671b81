"""One run at a time in a folder."""

import contextlib
import errno
import fcntl
import os
import pathlib
import socket
from collections.abc import Iterator

from vaegan_jax.errors import UserError

_NAME = ".lock"
# Some network file systems know no locks: there, other runs are not kept out.
_UNSUPPORTED = (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS)


@contextlib.contextmanager
def hold(
    folder: pathlib.Path, doing: str = "training", flag: str = "--workdir"
) -> Iterator[None]:
    """Makes the folder if it is missing, and keeps other runs out while open.

    The lock is the kernel's and goes with the process, however that ends; the file
    that it is on stays.

    Args:
      folder: where a run is.
      doing: what runs do there.
      flag: by which another folder is chosen.

    Raises:
      UserError: another run is in the folder, or it cannot be written to.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context((folder / _NAME).open("a+", encoding="utf-8"))
            if not _take(file):
                file.seek(0)
                raise UserError(
                    f"another run is {doing} in {folder} "
                    f"({file.read() or 'just started'}); wait until it has ended, or "
                    f"choose another {flag}"
                )
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}")
            file.flush()
        except OSError as error:
            raise UserError(
                f"cannot write to {folder} ({error.strerror}); make that possible, or "
                f"choose another {flag}"
            ) from error
        yield


def _take(file) -> bool:
    """Whether the lock is ours now; True, too, where there are no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    return True
