"""Paths as users write them."""

import argparse
import os

from vaegan_jax.errors import UserError


def expand(path: str) -> str:
    """A path in which `~` or `~USER` at the start has become a home directory.

    `./~` is a folder of that name. It works on the text, because `pathlib` makes `~` of
    `./~` first.

    Raises:
      UserError: there is no such user, or the path is not UTF-8.
    """
    expanded = os.path.expanduser(path)
    if expanded.startswith("~"):
        raise UserError(
            f"{path} names the home directory of nobody who is known here; write "
            f"./{path} for a folder or file of that name"
        )
    check_encoding(expanded)
    return expanded


def absolute(path: str) -> str:
    """An expanded path that means the same from any directory; see `expand`."""
    return os.path.abspath(expand(path))


def path_argument(text: str) -> str:
    """`expand`, as the type of an option of argparse, which has errors of its own."""
    try:
        return expand(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def check_encoding(path: str | os.PathLike) -> None:
    """Raises a `UserError` for a path that TensorFlow and TensorStore cannot take."""
    whole = os.path.abspath(path)
    try:
        whole.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UserError(
            f"{whole!a} is no path in UTF-8; rename that file or folder"
        ) from error
