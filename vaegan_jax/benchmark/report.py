"""Tables of a benchmark as Markdown, JSON and a plot."""

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from vaegan_jax.evaluate.tables import table

Rows = Sequence[dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """What one benchmark found.

    Attributes:
      name: of the command.
      rows: one dict for each line, all with the same keys: the columns. A column whose
        name ends in a unit, "step ms", is shown in that unit.
      bars: columns that name a bar of the plot; `height` is its column.
      height: the column to plot.
      notes: sentences below the table.
      interrupted: rows, or rounds of some, are missing.
    """

    name: str
    rows: Rows
    bars: tuple[str, ...]
    height: str
    notes: tuple[str, ...] = ()
    interrupted: bool = False


def show(value: Any) -> str:
    """A cell: three digits that count, no more."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def to_markdown(benchmark: Benchmark, machine: dict[str, str], command: str) -> str:
    """The table, below the command and the machine, above the notes."""
    columns = list(benchmark.rows[0])
    parts = [
        f"## {benchmark.name}",
        f"    {command}",
        "; ".join(f"{name}: {value}" for name, value in machine.items()),
        table(columns, [[show(row[c]) for c in columns] for row in benchmark.rows]),
        *benchmark.notes,
    ]
    return "\n\n".join(parts) + "\n"


def write(
    benchmark: Benchmark, machine: dict[str, str], command: str, output: pathlib.Path
) -> str:
    """Writes NAME.md, NAME.json and NAME.png; returns the Markdown.

    Of an interrupted benchmark they are called NAME_interrupted: a whole report of
    before stays.
    """
    output.mkdir(parents=True, exist_ok=True)
    text = to_markdown(benchmark, machine, command)
    partly = "_interrupted" if benchmark.interrupted else ""
    stem = output / f"{benchmark.name}{partly}"
    stem.with_suffix(".md").write_text(text, "utf-8")
    content = {
        "command": command,
        "machine": machine,
        "rows": list(benchmark.rows),
        "notes": benchmark.notes,
    }
    stem.with_suffix(".json").write_text(json.dumps(content, indent=1), "utf-8")
    _plot(benchmark, stem.with_suffix(".png"))
    return text


def _plot(benchmark: Benchmark, path: pathlib.Path) -> None:
    from matplotlib.figure import Figure

    labels = [" ".join(str(row[b]) for b in benchmark.bars) for row in benchmark.rows]
    heights = [row[benchmark.height] for row in benchmark.rows]
    figure = Figure(figsize=(7, 1 + 0.25 * len(labels)), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(labels)), heights, color="#b8860b")
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel(benchmark.height)
    figure.savefig(path, dpi=120)
