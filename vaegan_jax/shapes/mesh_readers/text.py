"""Lines of text files, however they were saved."""

import codecs

from vaegan_jax.errors import UserError

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(content: bytes, suffix: str) -> str:
    """The text of a file with line feeds at the ends of its lines alone.

    UTF-8, or UTF-16 with its mark, as Windows writes it. Names and comments may be in
    any encoding, so what is neither becomes U+FFFD.

    Raises:
      UserError: if the file is not text.
    """
    if content.startswith(_UTF16):
        text = content.decode("utf-16", errors="replace")
    else:
        text = content.decode("utf-8-sig", errors="replace")
    if "\0" in text:
        raise UserError(f"this is not a {suffix} file: it is not text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def plain_lines(text: str) -> list[str]:
    """Lines without comments, which `#` begins, and without empty ones."""
    lines = (line.partition("#")[0].strip() for line in text.split("\n"))
    return [line for line in lines if line]
