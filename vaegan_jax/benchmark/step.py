"""Whole training steps: time, operations, memory, compilation, and how they grow."""

from collections.abc import Sequence

from vaegan_jax.benchmark import machine
from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.workload import build_config, compile_step
from vaegan_jax.benchmark.timing import summarise, take_turns
from vaegan_jax.benchmark.work import growth_exponent, step_flops

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
) -> Benchmark:
    """Steps of the reference networks, by model, precision, batch and image size."""
    rows = []
    for dtype in dtypes:
        peak = machine.matmul_peak(dtype)
        for algorithm in models:
            for size in image_sizes if algorithm != "gan" else image_sizes[:1]:
                for batch_size in batch_sizes:
                    config = build_config(
                        algorithm, batch_size, image_size=size, dtype=dtype
                    )
                    rows.append(
                        {
                            "model": algorithm,
                            "image size": size if config.data.num_views else "",
                            "views": config.data.num_views,
                            "batch": batch_size,
                            "precision": dtype,
                        }
                        | _measure(config, rounds, peak)
                    )
    notes = (
        "GFLOP: what the step needs, counted from its layers (`work.py`). % of peak: of "
        "the fastest matrix product measured here; tiles that save multiplications "
        "count as if they did them. Compiling: tracing and XLA, without the cache.",
    )
    bars = ("model", "image size", "batch", "precision")
    return Benchmark("step", rows, bars, "ms", notes)


def growth(rounds: int) -> Benchmark:
    """MV-3D-VAE-GAN's step while one size grows at a time."""
    rows, notes = [], []
    peak = machine.matmul_peak()
    for field, values in _GROWTH.items():
        measured = []
        for value in values:
            sizes = _START | {field: value}
            config = build_config("mv_vae_gan", sizes.pop("batch_size"), **sizes)
            row = _measure(config, rounds, peak)
            measured.append(row)
            rows.append({"grows": field, "value": value} | row)
        exponents = [
            growth_exponent(list(values), [row[c] for row in measured])
            for c in ("ms", "GFLOP", "temporary MB")
        ]
        notes.append(
            f"With {field}: time ∝ {field}^{exponents[0]:.2f}, operations "
            f"^{exponents[1]:.2f}, temporary memory ^{exponents[2]:.2f}."
        )
    return Benchmark("growth", rows, ("grows", "value"), "ms", tuple(notes))


def _measure(config, rounds: int, peak: float) -> dict[str, float]:
    compiled = compile_step(config)
    times = summarise(take_turns({"": compiled.step}, rounds)[""])
    flops = step_flops(config)
    total = sum(flops.values())
    return {
        "ms": 1e3 * times.median,
        "quartiles": f"{1e3 * times.low:.0f}–{1e3 * times.high:.0f}",
        "GFLOP": total / 1e9,
        "encoder's share %": 100 * flops.get("encoder", 0) / total,
        "% of peak": 100 * total / times.median / peak,
        "temporary MB": compiled.temporary_bytes / 1e6,
        "compiling s": compiled.compile_seconds,
    }
