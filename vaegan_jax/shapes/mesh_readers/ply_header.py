"""Headers of PLY files: which elements follow, with which properties."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from vaegan_jax.errors import UserError

# Names of types, the old and the new ones, and the codes of module struct.
_CODES = {
    **{"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I"},
    **{"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i"},
    **{"uint32": "I", "float": "f", "float32": "f", "double": "d", "float64": "d"},
    **{"int64": "q", "uint64": "Q"},  # not in the format, but numpy's users write them
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST = 1 << 16  # bytes
_END = re.compile(rb"[\r\n]end_header[ \t]*(\r\n|\n|\r)")


@dataclasses.dataclass(frozen=True)
class Element:
    """A kind of things that a PLY file lists.

    Attributes:
      name: "vertex", "face" and so on.
      count: how many follow.
      properties: by their names, in their order: the codes of a list's length, or "",
        and of a value.
    """

    name: str
    count: int
    properties: dict[str, tuple[str, str]]

    @property
    def has_lists(self) -> bool:
        """Whether a property is a list."""
        return any(number for number, _ in self.properties.values())

    def dtype(self, order: str, lengths: Sequence[int]) -> np.dtype:
        """Of a row whose lists are of these lengths; "#name" holds that of a list."""
        fields, rest = [], iter(lengths)
        for name, (number, code) in self.properties.items():
            if number:
                fields.append(("#" + name, order + number))
                fields.append((name, order + code, (next(rest),)))
            else:
                fields.append((name, order + code))
        return np.dtype(fields)


@dataclasses.dataclass(frozen=True)
class Header:
    """What a PLY file announces.

    Attributes:
      byte_order: "<" or ">", or "" for text.
      elements: in their order.
      size: in bytes.
    """

    byte_order: str
    elements: list[Element]
    size: int


def read_header(content: bytes) -> Header:
    """Raises UserError if it is none, or damaged."""
    if not re.match(rb"ply\s", content):
        raise UserError("cannot be read as .ply: it does not begin with 'ply'")
    end = _END.search(content[:_LONGEST])
    if end is None:
        raise UserError("the file is cut short: its header has no end")
    order, elements = None, []
    for line in content[: end.start()].decode("utf-8", "replace").splitlines()[1:]:
        match line.split():
            case ["format", kind, _] if kind in _ORDERS:
                order = _ORDERS[kind]
            case ["element", name, count] if count.isdecimal():
                elements.append(Element(name, int(count), {}))
            case ["property", "list", number, code, name] if elements:
                types = (_code(number), _code(code))
                _add_property(elements[-1], name, types)
            case ["property", code, name] if elements:
                _add_property(elements[-1], name, ("", _code(code)))
            case ["comment" | "obj_info", *_] | []:
                pass
            case _:
                raise UserError(
                    f"its header has a line {line[:60]!r}, which is unknown"
                )
    if order is None:
        raise UserError("its header names no format")
    return Header(order, elements, _header_size(content, end))


def _header_size(content: bytes, end) -> int:
    # After a lone carriage return, a line feed is the first byte of what follows.
    if end[1] == b"\r\n" and re.match(rb"ply\r[^\n]", content):
        return end.end() - 1
    return end.end()


def _add_property(element: Element, name: str, types: tuple[str, str]) -> None:
    if name in element.properties:
        raise UserError(f"its element {element.name} has two properties called {name}")
    element.properties[name] = types


def _code(name: str) -> str:
    if name not in _CODES:
        raise UserError(f"its header has a type {name[:30]!r}, which is unknown")
    return _CODES[name]
