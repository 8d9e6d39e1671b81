"""One run at a time in a work directory."""

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
def hold(workdir: pathlib.Path) -> Iterator[None]:
    """Makes the directory if it is missing, and keeps other runs out while open.

    The lock is the kernel's and goes with the process, however that ends; the file
    that it is on stays.

    Raises:
      UserError: another run is in the directory, or it cannot be written to.
    """
    with contextlib.ExitStack() as stack:
        try:
            workdir.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context((workdir / _NAME).open("a+", encoding="utf-8"))
            _take(file, workdir)
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}")
            file.flush()
        except OSError as error:
            raise UserError(
                f"cannot write to the work directory {workdir} ({error.strerror}); "
                "make that possible, or choose another --workdir"
            ) from error
        yield


def _take(file, workdir: pathlib.Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return
        if not isinstance(error, BlockingIOError):
            raise
        file.seek(0)
        raise UserError(
            f"another run is training in {workdir} ({file.read() or 'just started'}); "
            "wait until it has ended, or choose another --workdir"
        ) from error
