"""Text files are read and written in UTF-8, whoever runs the program."""

import ast

import pytest

from tests.helpers import ROOT


def unnamed_encodings(source: str) -> list[int]:
    """The lines that read or write text in the encoding of whoever runs the program."""
    arguments = {"read_text": 0, "write_text": 1}  # before the encoding
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        # The parts of a zip are bytes.
        if {"encoding", "force_zip64"} & {keyword.arg for keyword in node.keywords}:
            continue
        values = [a.value for a in node.args if isinstance(a, ast.Constant)]
        text = {"r", "w", "a", "x", "r+", "w+", "a+", "x+"} & set(values)
        bare = isinstance(node.func, ast.Name) and len(node.args) == 1
        if len(node.args) == arguments.get(name) or (name == "open" and (text or bare)):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("folder", ["vaegan_jax", "data_prep", "scripts", "configs"])
def test_every_text_file_names_its_encoding(folder):
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not path.name.endswith("_test.py")
        for line in unnamed_encodings(path.read_text("utf-8"))
    ]
    assert not found


def test_unnamed_encodings_are_found():
    bad = 'p.read_text()\np.write_text("a")\nopen(p, "w")\np.open("a+")\nopen(p)\n'
    good = 'p.read_text("utf-8")\np.open("rb")\nopen(p, "w", encoding="utf-8")\n'
    assert unnamed_encodings(bad + good) == [1, 2, 3, 4, 5]
