"""Files damaged at random, in many ways: what reads them may refuse them, no more."""

import collections
import dataclasses
import random
import re
import resource
import signal
from collections.abc import Callable, Sequence

from vaegan_jax.errors import UserError

_SECONDS = 20  # for one file; longer is a hang
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_EXTREMES = (
    *(b"0", b"-1", b"1", b"255", b"65536", b"2147483647", b"4294967295", b"-7"),
    *(
        b"99999999999",
        b"1e308",
        b"-1e-308",
        b"nan",
        b"inf",
        b"1e999",
        b"",
        b"x",
        b"0.5",
    ),
)


@dataclasses.dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
      name: for people.
      files: whole ones, to be damaged.
      read: takes the content of one; raises UserError to refuse it.
    """

    name: str
    files: Sequence[bytes]
    read: Callable[[bytes], object]


def limit_memory(gibibytes: int) -> None:
    """Bounds the memory that this process may reserve, for good."""
    size = gibibytes << 30
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def fuzz(
    formats: Sequence[Format], mutations: int, seed: int
) -> tuple[dict[str, collections.Counter], list[str]]:
    """Damages files of every format, and reads them; first the whole files.

    Args:
      formats: what to damage.
      mutations: how many of each format.
      seed: the same gives the same damage.

    Returns:
      For every format, how many damaged files were "read" or "refused"; and what went
      wrong with the others, which took too long or raised anything but UserError.
    """
    tally, wrong = {}, []
    previous = signal.signal(signal.SIGALRM, _too_long)
    try:
        for format in formats:
            rng = random.Random(f"{seed} {format.name}")
            tally[format.name] = collections.Counter()
            for content in format.files:
                format.read(content)
            for number in range(mutations):
                content = mutate(rng.choice(format.files), rng)
                what = _read(format, content)
                tally[format.name][what.partition(":")[0]] += 1
                if what not in ("read", "refused"):
                    wrong.append(f"{format.name} {number}: {what}; {content[:300]!r}")
    finally:
        signal.signal(signal.SIGALRM, previous)
    return tally, wrong


def _read(format: Format, content: bytes) -> str:
    signal.alarm(_SECONDS)
    try:
        format.read(content)
    except UserError as error:
        return "refused" if _is_sentence(str(error)) else f"unclear: {error}"
    except Exception as error:  # the point of it
        return f"wrong: {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return "read"


def _is_sentence(text: str) -> bool:
    return bool(text.strip()) and "\n" not in text and len(text) < 600


def _too_long(*_):
    raise TimeoutError(f"more than {_SECONDS} seconds")


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Mostly one, up to three of the ways below to damage a file."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        content = rng.choice(_WAYS)(content, rng)
    return content


def _flip_bytes(content, rng):
    changed = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(content, rng):
    return content[: rng.randint(0, len(content))]


def _slice(content, rng):
    start = rng.randint(0, len(content))
    return start, rng.randint(start, min(len(content), start + 64))


def _delete(content, rng):
    start, end = _slice(content, rng)
    return content[:start] + content[end:]


def _repeat(content, rng):
    start, end = _slice(content, rng)
    return content[:start] + content[start:end] * rng.randint(1, 20) + content[end:]


def _insert(content, rng):
    start, _ = _slice(content, rng)
    return content[:start] + rng.randbytes(rng.randint(1, 32)) + content[start:]


def _extreme_number(content, rng):
    """Another number in its place, where there is one in text."""
    found = list(_NUMBER.finditer(content))
    if not found:
        return content
    chosen = rng.choice(found)
    return content[: chosen.start()] + rng.choice(_EXTREMES) + content[chosen.end() :]


def _extreme_bytes(content, rng):
    """Four bytes that are an extreme integer or float."""
    start, _ = _slice(content, rng)
    value = rng.choice((b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f", b"\0\0\xc0\x7f"))
    return content[:start] + value + content[start + 4 :]


def _swap_lines(content, rng):
    lines = content.split(b"\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


_WAYS = (
    *(_cut, _delete, _repeat, _insert, _swap_lines, _flip_bytes, _flip_bytes),
    *(_extreme_number, _extreme_number, _extreme_number, _extreme_bytes),
)
