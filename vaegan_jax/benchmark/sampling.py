"""What using a trained model costs: shapes a second, and one reconstruction."""

import functools
from collections.abc import Sequence

import numpy as np

from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.timing import calls, summarise, take_turns
from vaegan_jax.inference.loading import load
from vaegan_jax.runtime.progress import Progress
from vaegan_jax.shapes.cameras import Camera, numbers_of


def run(workdir: str, checkpoint: str, counts: Sequence[int], rounds: int) -> Benchmark:
    """Sampling `counts` shapes at once; reconstructing one from 1 and 12 views.

    With a refiner also where their cameras are known and need not be estimated.
    """
    model = load(workdir, checkpoint)
    variants = {}
    for count in counts:
        latents = model.draw_latents(count)
        variants[f"sample {count}"] = lambda z=latents: model.generate(z)
    if model.networks.encoder is not None:
        size, channels = (
            model.config.model[name] for name in ("image_size", "image_channels")
        )
        for views in (1, 12):
            shape = (1, views, size, size, channels)
            images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
            name = f"reconstruct from {views}"
            variants[name] = functools.partial(model.reconstruct, images)
            if model.networks.refiner is not None:
                cameras = numbers_of(Camera(views).views())[None]
                variants[f"{name}, cameras known"] = functools.partial(
                    model.reconstruct, images, cameras
                )
    with Progress("sampling", total=calls(len(variants), rounds)) as progress:
        seconds = take_turns(variants, rounds, progress)
    rows = []
    for name in variants:
        times = summarise(seconds[name])
        shapes = int(name.split()[1]) if name.startswith("sample") else 1
        rows.append(
            {
                "what": name,
                "ms": 1e3 * times.median,
                "quartiles": f"{1e3 * times.low:.1f}–{1e3 * times.high:.1f}",
                "shapes/s": shapes / times.median,
            }
        )
    notes = (
        f"Step {model.step} of {workdir}: {model.config.algorithm}, grids of "
        f"{model.config.model.resolution}³, views of {model.config.model.image_size}².",
    )
    return Benchmark("sampling", rows, ("what",), "ms", notes)
