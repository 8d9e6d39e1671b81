"""What a row came to: lines of tables, with all that is needed to have them again."""

import datetime
import json
import pathlib
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from vaegan_jax.errors import UserError
from vaegan_jax.evaluate import generation as samples
from vaegan_jax.evaluate import reconstruction
from vaegan_jax.evaluate.r2n2_protocol import ALL, VIEW_COUNTS
from vaegan_jax.evaluate.report import to_json, write_text
from vaegan_jax.evaluate.tables import mean_and_spread, table
from vaegan_jax.reproduction.rows import Row

RECONSTRUCTION, SAMPLES, PROTOCOL = "Reconstruction", "New shapes", "3D-R2N2's protocol"
VIEWS = (1, 3, 6, 12)
HEADERS = {
    RECONSTRUCTION: (
        *("row", "step, threshold", "squared error / IoU from 1 view"),
        *(f"{count} views" for count in VIEWS[1:]),
        "average precision, F-score, Chamfer × 1000 from 12",
    ),
    SAMPLES: (
        *("row", "latents", "COV, %", "MMD × 1000", "1-NNA, %"),
        *("kernel distance × 1000", "parts", "nearest-training IoU"),
    ),
    PROTOCOL: ("row", *(f"IoU from {count}" for count in VIEW_COUNTS)),
}
_LEARNT = (reconstruction.MODEL, reconstruction.ESTIMATED)
_UNLEARNT = (
    reconstruction.RETRIEVAL,
    reconstruction.ORACLE,
    reconstruction.MEAN_SHAPE,
    reconstruction.HULL,
    reconstruction.HULL_SURFACE,
)
# Of each measure of samples its factor and form, as `tables` shows them.
_MEASURES = {
    "cov_cd": (100, ".1f"),
    "mmd_cd": (1000, ".2f"),
    "1nna_cd": (100, ".1f"),
    "kernel_distance": (1000, ".0f"),
    "components": (1, ".1f"),
    "nearest_training_iou": (1, ".3f"),
}

Lines = dict[str, list[list[str]]]  # by table, their cells


def read_lines(row: Row, outputs: Sequence[str]) -> Lines:
    """The lines of a row, of what its evaluations wrote, one for each seed.

    Several seeds give mean ± standard deviation over them; one seed, of new shapes,
    over its sets of samples.

    Raises:
      UserError: an evaluation is damaged, or gone.
    """
    name = "r2n2.json" if row.protocol else "metrics.json"
    found = [_read(pathlib.Path(output, name), "its folder") for output in outputs]
    try:
        if row.protocol:
            return {PROTOCOL: [[f"`{row.name}`", *_protocol_cells(found)]]}
        return {
            RECONSTRUCTION: _reconstruction_lines(row, found),
            SAMPLES: _sample_lines(row, found),
        }
    except LookupError as error:
        raise UserError(
            f"{outputs[0]} lacks {error}; delete that folder and run the command again"
        ) from error


def _read(path: pathlib.Path, remedy: str = "it") -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read; delete {remedy} and run the command again"
        ) from error


def _protocol_cells(found: list[dict[str, Any]]) -> list[str]:
    """At the threshold that was chosen on other shapes."""
    chosen = [
        {row["views"]: row["chosen"][ALL] for row in of_seed["rows"]}
        for of_seed in found
    ]
    return [
        mean_and_spread([of_seed[views] for of_seed in chosen], 1, ".3f")
        for views in VIEW_COUNTS
    ]


def _reconstruction_lines(row: Row, found: list[dict[str, Any]]) -> list[list[str]]:
    lines = []
    for prediction in _LEARNT if row.learnt else _UNLEARNT:
        rows = [_by_views(one, prediction) for one in found]
        if not rows[0]:
            continue
        label = f"`{row.name}`"
        if prediction != reconstruction.MODEL:
            label += f": {prediction.removeprefix('model, ')}"
        steps = [one["about"]["step"] for one in found] if row.learnt else []
        lines.append([label, *_cells(rows, steps)])
    return lines


def _by_views(one: dict[str, Any], prediction: str) -> dict[int | None, Any]:
    rows = (r for r in one["reconstruction"] if r["prediction"] == prediction)
    return {row["views"]: row for row in rows}


def _cells(rows: list[dict[int | None, Any]], steps: list[int]) -> list[str]:
    """Steps, of what learns, and thresholds; errors and IoU; the other measures.

    What sees no views has its numbers under one.
    """
    blind = None in rows[0]
    last = None if blind else max(rows[0])

    def show(views: int | None, measure: str, factor: int, form: str) -> str:
        values = [of_seed[views]["mean"][measure] for of_seed in rows]
        return mean_and_spread(values, factor, form)

    def pair(views: int | None) -> str:
        if views not in rows[0]:
            return ""
        error = show(views, "squared_error", 1, ".0f")
        return f"{error} / {show(views, 'iou', 1, '.3f')}"

    chosen = [f"{of_seed[last]['threshold']:.2f}" for of_seed in rows]
    if steps:
        pairs = zip(steps, chosen, strict=True)
        chosen = [f"{step:,}, {threshold}" for step, threshold in pairs]
    others = (("average_precision", 1, ".3f"), ("f_score", 1, ".3f"))
    return [
        "; ".join(dict.fromkeys(chosen)),
        *((pair(None), "", "", "") if blind else map(pair, VIEWS)),
        ", ".join(show(last, *m) for m in (*others, ("chamfer_distance", 1000, ".2f"))),
    ]


def _sample_lines(row: Row, found: list[dict[str, Any]]) -> list[list[str]]:
    latents = {samples.LIKE: "like training shapes", samples.SAMPLES: "prior"}
    beside = {samples.TRAINING: "training shapes", samples.REFERENCE: "measured shapes"}
    lines = []
    for name, told in (latents if row.learnt else beside).items():
        if name not in found[0]["generation"]:
            continue
        values = [one["generation"][name] for one in found]
        cells = [_over_seeds(values, measure) for measure in _MEASURES]
        lines.append([f"`{row.name}`", told, *cells])
    return lines


def _over_seeds(values: list[dict[str, list[float]]], measure: str) -> str:
    if measure not in values[0]:
        return ""
    sets = [of_seed[measure] for of_seed in values]
    means = sets[0] if len(sets) == 1 else [sum(one) / len(one) for one in sets]
    return mean_and_spread(means, *_MEASURES[measure])


def write_record(
    folder: pathlib.Path,
    row: Row,
    seeds: Sequence[int],
    lines: Lines,
    steps: list[dict[str, Any]],
) -> dict[str, Any]:
    """Writes `rows/NAME.json`, which it returns, and `results.md` of all rows so far.

    Args:
      folder: of both.
      row: of which.
      seeds: of its trainings.
      lines: what it came to.
      steps: what is remembered of each step, see `Runner`.
    """
    record = {
        "row": row.name,
        "seeds": list(seeds),
        "commits": list(dict.fromkeys(step["commit"] for step in steps)),
        "date": datetime.date.today().isoformat(),
        "machine": _machine(),
        "lines": lines,
        "steps": steps,
    }
    (folder / "rows").mkdir(exist_ok=True)
    name = row.name.replace(":", "-")
    write_text(folder / "rows" / f"{name}.json", to_json(record))
    records = [_read(path) for path in sorted((folder / "rows").glob("*.json"))]
    text = ["# Reproduced results", *format_tables([r["lines"] for r in records])]
    text += ["## How", *map(describe, records)]
    write_text(folder / "results.md", "\n\n".join(text) + "\n")
    return record


def format_tables(all_lines: Sequence[Lines]) -> list[str]:
    """Markdown: those tables that have lines, each below its heading."""
    text = []
    for name, header in HEADERS.items():
        lines = [line for lines in all_lines for line in lines.get(name, [])]
        if lines:
            text += [f"## {name}", table(header, lines)]
    return text


def describe(record: dict[str, Any]) -> str:
    """How the numbers of a row were had, in a sentence."""
    machine, seeds = record["machine"], ", ".join(map(str, record["seeds"]))
    device = machine["devices"]
    if device.endswith("cpu"):
        device = f"{machine['cores']} cores of {machine['processor']}"
    minutes = sum(step["seconds"] for step in record["steps"]) / 60
    commits = ", ".join(commit or "not known" for commit in record["commits"])
    return (
        f"`{record['row']}`: seed{'s' if len(record['seeds']) > 1 else ''} {seeds}, "
        f"commit {commits}, {record['date']}, {minutes:.0f} minutes on {device}, "
        f"{machine['packages']}"
    )


def _machine() -> dict[str, str]:
    """By a process of its own, which takes no accelerator from the next step."""
    code = "import json; from vaegan_jax.runtime.hardware import describe; "
    command = [sys.executable, "-c", code + "print(json.dumps(describe()))"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])
