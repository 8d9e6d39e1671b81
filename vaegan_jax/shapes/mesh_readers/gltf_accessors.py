"""Numbers in glTF 2.0: buffers, their views, and accessors to these."""

import base64
import urllib.parse
from collections.abc import Callable
from typing import Any

import numpy as np

from vaegan_jax.errors import UserError

_TYPES = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
_COLUMNS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_MOST_NUMBERS = 1 << 27  # of an accessor, which without a buffer takes no bytes
_COMPRESSION = ("EXT_meshopt_compression", "KHR_meshopt_compression")


class Accessors:
    """Reads the accessors of a glTF file."""

    def __init__(
        self,
        document: dict[str, Any],
        binary: bytes | None,
        resource: Callable[[str], bytes] | None,
    ):
        """Takes the JSON, the binary chunk of a `.glb`, and what gives other files."""
        self._document, self._binary, self._resource = document, binary, resource
        self._buffers = {}

    def read(self, index: int) -> np.ndarray:
        """An accessor's numbers (count, columns): float64 if normalised or of floats.

        Raises:
          UserError: if it is larger than what it reads from, or compressed.
        """
        accessor = self._document["accessors"][index]
        kind = _TYPES[accessor["componentType"]]
        columns, count = _COLUMNS[accessor["type"]], accessor["count"]
        if not 0 <= count * columns <= _MOST_NUMBERS:
            raise UserError(f"accessor {index} claims {count:,} elements")
        if "bufferView" in accessor:
            offset = accessor.get("byteOffset", 0)
            values = self._view(accessor["bufferView"], offset, kind, count, columns)
        else:
            values = np.zeros((count, columns), kind)
        if sparse := accessor.get("sparse"):
            values = values.copy()
            where, what = sparse["indices"], sparse["values"]
            chosen = self._view(
                where["bufferView"],
                where.get("byteOffset", 0),
                _TYPES[where["componentType"]],
                sparse["count"],
                1,
            )
            values[chosen[:, 0]] = self._view(
                what["bufferView"],
                what.get("byteOffset", 0),
                kind,
                sparse["count"],
                columns,
            )
        if accessor.get("normalized") and kind != "f4":
            return np.maximum(values / np.iinfo(kind).max, -1.0)
        return values.astype(float) if kind == "f4" else values

    def _view(self, index: int, offset: int, kind: str, count: int, columns: int):
        """Elements that lie in a buffer view, side by side or with gaps."""
        view = self._document["bufferViews"][index]
        element = np.dtype("<" + kind).itemsize * columns
        stride = view.get("byteStride", element)
        start = view.get("byteOffset", 0) + offset
        end = start + stride * (count - 1) + element if count else start
        if min(start, offset, count) < 0 or stride < element:
            raise UserError(f"buffer view {index} is damaged")
        buffer = self._buffer(view["buffer"], view)
        view_end = view.get("byteOffset", 0) + view["byteLength"]
        if end > min(len(buffer), view_end):
            raise UserError(
                f"the file is cut short or damaged: buffer view {index} holds fewer "
                "numbers than are read from it"
            )
        return np.ndarray(
            (count, columns),
            "<" + kind,
            buffer,
            start,
            (stride, np.dtype(kind).itemsize),
        )

    def _buffer(self, index: int, view: dict[str, Any]) -> bytes:
        if index not in self._buffers:
            buffer = self._document["buffers"][index]
            uri = buffer.get("uri")
            if uri is None and (index or self._binary is None):
                compressed = set(_COMPRESSION) & view.get("extensions", {}).keys()
                for name in sorted(compressed):
                    raise UserError(f"{name} is not read; save it without compression")
                raise UserError(f"buffer {index} has no content")
            content = self._binary if uri is None else self._fetch(uri)
            if len(content) < buffer["byteLength"]:
                raise UserError(
                    f"the file is cut short: buffer {index} holds {len(content):,} of "
                    f"{buffer['byteLength']:,} bytes"
                )
            self._buffers[index] = content
        return self._buffers[index]

    def _fetch(self, uri: str) -> bytes:
        if uri.startswith("data:"):
            head, _, data = uri.partition(",")
            data = urllib.parse.unquote_to_bytes(data)
            return base64.b64decode(data) if head.endswith(";base64") else data
        if self._resource is None:
            raise UserError(f"it refers to another file, {uri}, which is not there")
        return self._resource(uri)
