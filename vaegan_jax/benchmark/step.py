"""Whole training steps: time, operations, memory, compilation, and how they grow."""

from collections.abc import Sequence

from vaegan_jax.benchmark import machine
from vaegan_jax.benchmark.report import Benchmark, Rows
from vaegan_jax.benchmark.timing import calls, summarise, take_turns
from vaegan_jax.benchmark.work import growth_exponent, step_flops
from vaegan_jax.benchmark.workload import build_config, compile_step, refiner_of
from vaegan_jax.runtime.progress import Progress

# What `growth` varies, from where; "grid" is the model's resolution.
_START = {"batch_size": 8, "num_views": 3, "image_size": 64, "resolution": 32}
_GROWTH = {
    "batch_size": (4, 8, 16, 32),
    "num_views": (1, 3, 6, 12),
    "image_size": (64, 128, 224),
    "resolution": (32, 64),
}


def run(
    models: Sequence[str],
    batch_sizes: Sequence[int],
    image_sizes: Sequence[int],
    dtypes: Sequence[str],
    rounds: int,
    refiner: str = "none",
) -> Benchmark:
    """Steps of the reference networks, by model, precision, batch and image size.

    Args:
      models: some of the algorithms.
      batch_sizes: shapes in a batch.
      image_sizes: of the views, where there are some.
      dtypes: precisions of the products.
      rounds: how often each is timed.
      refiner: `config.model.refiner` of those that see views.
    """
    cases = [
        (dtype, algorithm, size, batch_size)
        for dtype in dtypes
        for algorithm in models
        for size in (image_sizes if algorithm != "gan" else image_sizes[:1])
        for batch_size in batch_sizes
    ]
    rows = []
    with Progress("steps", total=len(cases) * calls(1, rounds)) as progress:
        progress.stage("first products of matrices")
        peaks = {dtype: machine.matmul_peak(dtype) for dtype in dtypes}
        for dtype, algorithm, size, batch_size in cases:
            refines = refiner_of(algorithm, refiner)
            config = build_config(
                algorithm, batch_size, image_size=size, dtype=dtype, refiner=refines
            )
            row = {
                "model": algorithm,
                "refiner": refines if refines != "none" else "",
                "image size": size if config.data.num_views else "",
                "views": config.data.num_views,
                "batch": batch_size,
                "precision": dtype,
            }
            progress.stage(", ".join(f"{k} {v}" for k, v in row.items() if v))
            rows.append(row | _measure(config, rounds, peaks[dtype], progress))
    notes = (
        "GFLOP: what the step needs, counted from its layers (`work.py`); reading "
        "views for a refiner is not counted. % of peak: "
        "of the fastest matrix product measured here; tiles that save multiplications "
        "count as if they did them. Compiling: tracing and XLA, without the cache.",
    )
    bars = ("model", "refiner", "image size", "batch", "precision")
    return Benchmark("step", rows, bars, "ms", notes)


def growth(rounds: int) -> Benchmark:
    """MV-3D-VAE-GAN's step while one size grows at a time."""
    cases = [(field, value) for field in _GROWTH for value in _GROWTH[field]]
    rows = []
    with Progress("growth", total=len(cases) * calls(1, rounds)) as progress:
        progress.stage("first products of matrices")
        peak = machine.matmul_peak()
        for field, value in cases:
            progress.stage(f"{field} {value}")
            sizes = _START | {field: value}
            config = build_config("mv_vae_gan", sizes.pop("batch_size"), **sizes)
            row = _measure(config, rounds, peak, progress)
            rows.append({"grows": field, "value": value} | row)
    notes = tuple(_growth_note(field, rows) for field in _GROWTH)
    return Benchmark("growth", rows, ("grows", "value"), "ms", notes)


def _growth_note(field: str, rows: Rows) -> str:
    grown = [row for row in rows if row["grows"] == field]
    time, operations, memory = (
        growth_exponent(
            [float(row["value"]) for row in grown], [row[cost] for row in grown]
        )
        for cost in ("ms", "GFLOP", "temporary MB")
    )
    return (
        f"With {field}: time ∝ {field}^{time:.2f}, operations ^{operations:.2f}, "
        f"temporary memory ^{memory:.2f}."
    )


def _measure(
    config, rounds: int, peak: float, progress: Progress
) -> dict[str, float | str]:
    progress.at("compiling")
    compiled = compile_step(config)
    times = summarise(take_turns({"step": compiled.step}, rounds, progress)["step"])
    flops = step_flops(config)
    total = sum(flops.values())
    return {
        "ms": 1e3 * times.median,
        "quartiles": f"{1e3 * times.low:.0f}–{1e3 * times.high:.0f}",
        "GFLOP": total / 1e9,
        "encoder's share %": 100 * flops.get("encoder", 0) / total,
        "refiner's share %": 100 * flops.get("refiner", 0) / total,
        "% of peak": 100 * total / times.median / peak,
        "temporary MB": compiled.temporary_bytes / 1e6,
        "compiling s": compiled.compile_seconds,
    }
