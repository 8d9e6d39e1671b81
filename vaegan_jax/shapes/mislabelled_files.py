"""Files that are something else than their name says, told by how they begin."""

import re

_COMPRESSED = "it is compressed ({}); unpack it first"
_RENAME = "it is a {0} file; rename it to end in {0}"
_BEGINNINGS = (
    (
        rb"version https://git-lfs",
        "it is a Git LFS pointer, not the file; fetch that with git lfs pull",
    ),
    (rb"\s*<(!doctype\s+)?html", "it is a web page; download the file again"),
    (rb"PK\x03\x04", _COMPRESSED.format("zip")),
    (rb"\x1f\x8b", _COMPRESSED.format("gzip")),
    (rb"7z\xbc\xaf", _COMPRESSED.format("7z")),
    (rb"Rar!", _COMPRESSED.format("rar")),
    (rb"BZh\d1AY", _COMPRESSED.format("bzip2")),
    (rb"\xfd7zXZ", _COMPRESSED.format("xz")),
    (rb"Kaydara FBX", "it is an FBX file; save it as glTF, in Blender say"),
    (rb"BLENDER", "it is a Blender file; save it as glTF there"),
)
_KINDS = (
    (rb"ply\r?\nformat ", (".ply",)),
    (rb"glTF[\x01\x02]\0\0\0", (".glb", ".gltf")),
    (rb"#binvox ", (".binvox",)),
    (rb"MATLAB 5\.0 MAT-file", (".mat",)),
    (rb"(ST)?C?N?4?n?OFF\s", (".off",)),
    (rb"solid [^\n]*\n\s*facet\s+normal", (".stl",)),
)


def other_kind(content: bytes, suffix: str) -> str:
    """What a file is, if it begins as one of another kind than its suffix; or ""."""
    start = content[:512]
    for pattern, reason in _BEGINNINGS:
        if re.match(pattern, start, re.IGNORECASE):
            return reason
    for pattern, suffixes in _KINDS:
        if suffix not in suffixes and re.match(pattern, start):
            return _RENAME.format(suffixes[0])
    return ""
