"""Numbers as Markdown tables."""

from collections.abc import Sequence

from vaegan_jax.evaluate.generation import REFERENCE, UNSEEN
from vaegan_jax.evaluate.reconstruction import FIXED_THRESHOLDS, OWN, Row

# Of each measure: its heading, the factor it is shown with, and its format.
RECONSTRUCTION = {
    "squared_error": ("squared error", 1, ".0f"),
    "iou": ("IoU", 1, ".3f"),
    OWN: ("IoU at own", 1, ".3f"),
    **{f"iou_{t}": (f"IoU at {t}", 1, ".3f") for t in FIXED_THRESHOLDS},
    "average_precision": ("average precision", 1, ".3f"),
    "f_score": ("F-score", 1, ".3f"),
    "chamfer_distance": ("Chamfer × 1000", 1000, ".2f"),
}
DISTANCES = {"iou": "1 − IoU", "cd": "Chamfer", "emd": "EMD"}
HEALTH = {
    "empty_share": ("empty", 100, ".1f %"),
    "full_share": ("full", 100, ".1f %"),
    "fill_rate": ("fill rate", 1, ".4f"),
    "components": ("components", 1, ".1f"),
    "largest_component_share": ("share of the largest", 1, ".3f"),
    "nearest_training_iou": ("nearest-training IoU", 1, ".3f"),
}
LEARNT = {
    "frechet_distance": ("Fréchet distance", 1, ".2f"),
    "kernel_distance": ("kernel distance × 1000", 1000, ".1f"),
}
QUALITY = {
    "raggedness": ("raggedness", 1, ".2f"),
    "burrs": ("burrs", 100, ".2f %"),
    "pits": ("pits", 100, ".2f %"),
    "corners": ("corners", 100, ".1f %"),
    "small_parts": ("in small parts", 100, ".2f %"),
    "falls": ("falls", 100, ".1f %"),
    "asymmetry": ("asymmetry", 1, ".3f"),
}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _show(value: float | None, factor: int, form: str) -> str:
    if value is None:
        return ""
    number, _, unit = form.partition(" ")
    return f"{factor * value:{number}}" + (f" {unit}" if unit else "")


def describe(row: Row) -> str:
    """What predicts, and from how many views."""
    if row.views is None:
        return row.prediction
    return f"{row.prediction}, {row.views} view{'s' if row.views > 1 else ''}"


def reconstruction_table(rows: Sequence[Row]) -> str:
    """One line for each prediction, one column for each measure."""
    header = ["prediction", *(name for name, _, _ in RECONSTRUCTION.values())]
    return table(
        header,
        [
            [describe(row)]
            + [
                _show(row.mean(key), *rest)
                for key, (_, *rest) in RECONSTRUCTION.items()
            ]
            for row in rows
        ],
    )


def mean_and_spread(values: Sequence[float], factor: int, form: str) -> str:
    """Values as mean ± standard deviation, a single one as it is; see `QUALITY`."""
    mean = sum(values) / len(values)
    if len(values) == 1:
        return _show(mean, factor, form)
    variance = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
    return f"{_show(mean, factor, form)} ± {_show(variance**0.5, factor, form)}"


def generation_table(generation: dict[str, dict[str, list[float]]]) -> str:
    """COV, MMD and 1-NNA under each distance, and JSD, as mean ± deviation of sets."""
    lines = []
    for name, row in generation.items():
        if name in (REFERENCE, UNSEEN):
            continue
        jsd = mean_and_spread(row["jsd"], 1, ".3f")
        for key, distance in DISTANCES.items():
            factor, form = (1000, ".2f") if key == "cd" else (1, ".4f")
            lines.append(
                [
                    name,
                    distance + (" (MMD × 1000)" if key == "cd" else ""),
                    mean_and_spread(row[f"cov_{key}"], 100, ".1f"),
                    mean_and_spread(row[f"mmd_{key}"], factor, form),
                    mean_and_spread(row[f"1nna_{key}"], 100, ".1f"),
                    jsd,
                ]
            )
    return table(["set", "distance", "COV, %", "MMD", "1-NNA, %", "JSD"], lines)


def health_table(generation: dict[str, dict[str, list[float]]]) -> str:
    """Health of each set, and how near it is to the training shapes."""
    return _table_of_sets(generation, HEALTH)


def learnt_table(generation: dict[str, dict[str, list[float]]]) -> str:
    """Distances of the learnt features of each set from those of the reference."""
    return _table_of_sets(generation, LEARNT)


def quality_table(generation: dict[str, dict[str, list[float]]]) -> str:
    """Faults of the shapes of each set, by themselves."""
    return _table_of_sets(generation, QUALITY)


def _table_of_sets(
    generation: dict[str, dict[str, list[float]]],
    measures: dict[str, tuple[str, int, str]],
) -> str:
    """One line for each measured set; a cell is empty where it is not."""
    return table(
        ["set", *(name for name, _, _ in measures.values())],
        [
            [name]
            + [
                mean_and_spread(row[key], *rest) if key in row else ""
                for key, (_, *rest) in measures.items()
            ]
            for name, row in generation.items()
            if row.keys() & measures.keys()
        ],
    )


def representation_table(representation: dict[str, float]) -> str:
    """Accuracy of the linear SVM on each kind of features."""
    return table(
        ["features", "accuracy, %"],
        [[name, _show(value, 100, ".1f")] for name, value in representation.items()],
    )
