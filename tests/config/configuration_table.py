"""The table of all fields in docs/configuration.md, made of the code and its comments.

python -m tests.config.configuration_table  # writes it anew
"""

import ast
import pathlib
import re

from flax.traverse_util import flatten_dict

from vaegan_jax.config import reference
from vaegan_jax.config.checks import ALGORITHMS

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"
HEAD = "| field | default | meaning |\n| --- | --- | --- |\n"


def comments() -> dict[str, str]:
    """What the code says of each field, behind its default or above it."""
    text = pathlib.Path(reference.__file__).read_text("utf-8")
    lines = text.splitlines()
    found = {}
    (function,) = (
        node
        for node in ast.parse(text).body
        if getattr(node, "name", "") == "reference_config"
    )
    for node in function.body:
        target = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
        if target.startswith("config.") and ast.unparse(node.value) != "ConfigDict()":
            behind = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
            said = [behind] if "#" in behind else _above(lines, node.lineno - 1)
            words = " ".join(line.strip().removeprefix("#").strip() for line in said)
            found[target.removeprefix("config.")] = words
    return found


def _above(lines: list[str], number: int) -> list[str]:
    first = number
    while lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return lines[first:number]


def defaults() -> dict[str, str]:
    """Of each field; those of the three models, where these differ."""
    told: dict[str, str] = {}
    models = [
        flatten_dict(reference.reference_config(name).to_dict(), sep=".")
        for name in ALGORITHMS
    ]
    for field in comments():
        values = [repr(model[field]) for model in models]
        told[field] = values[0] if len(set(values)) == 1 else ", ".join(values)
    return told


def table() -> str:
    """The table, in the order of the code."""
    said, default = comments(), defaults()
    rows = (
        f"| `{field}` | `{default[field]}` | {said[field].replace('|', '/')} |\n"
        for field in said
    )
    return HEAD + "".join(rows)


def written() -> str:
    """The table as the page has it."""
    return re.search(re.escape(HEAD) + r"(?:\|.*\n)*", PAGE.read_text("utf-8"))[0]


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text("utf-8").replace(written(), table()), "utf-8")
