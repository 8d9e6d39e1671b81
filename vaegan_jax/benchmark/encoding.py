"""Encoding many views: in one vectorised call, or one by one."""

import functools
import itertools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.timing import calls, ratio, summarise, take_turns
from vaegan_jax.benchmark.workload import build_config, initial_state, random_batch
from vaegan_jax.models.multiview import encode_views
from vaegan_jax.models.networks import build_networks
from vaegan_jax.runtime.progress import Progress

WAYS = ("fold", "vmap", "fold_joint", "loop", "calls")


def run(
    views: Sequence[int], image_sizes: Sequence[int], batch_size: int, rounds: int
) -> Benchmark:
    """Forward and gradient of the reference encoder, by image size, views and way."""
    rows, cases = [], list(itertools.product(image_sizes, views))
    with Progress("encoding", total=len(cases) * calls(len(WAYS), rounds)) as progress:
        for size, count in cases:
            progress.stage(f"{count} views of {size}²")
            variants = {way: make(way, count, size, batch_size) for way in WAYS}
            seconds = take_turns(variants, rounds, progress)
            for way in WAYS:
                times = summarise(seconds[way])
                rows.append(
                    {
                        "image size": size,
                        "views": count,
                        "way": way,
                        "ms": 1e3 * times.median,
                        "quartiles": f"{1e3 * times.low:.0f}–{1e3 * times.high:.0f}",
                        "loop / this": ratio(seconds["loop"], seconds[way]).median,
                        "calls / this": ratio(seconds["calls"], seconds[way]).median,
                    }
                )
    notes = (
        f"Forward and gradient of all parameters, batch {batch_size}, float32; ratios "
        "are medians of those within a round. `fold`, `vmap` and `loop` compute the "
        "same; `fold_joint` shares BatchNorm statistics between views; `loop` is in "
        "one compiled program; `calls` calls one for each view and adds the gradients.",
    )
    return Benchmark(
        "encoding", rows, ("image size", "views", "way"), "calls / this", notes
    )


def make(way: str, count: int, size: int, batch_size: int) -> Callable:
    """A function that encodes once and takes the gradient."""
    config = build_config("mv_vae_gan", batch_size, num_views=count, image_size=size)
    encoder, state = build_networks(config).encoder, initial_state(config).encoder
    views = jnp.asarray(random_batch(config)["views"])

    @functools.partial(jax.jit, static_argnames="how")
    def gradient(params, statistics, views, how):
        def loss(params):
            variables = {"params": params, "batch_stats": statistics}
            posterior, updated = encode_views(
                encoder, variables, views, train=True, how=how
            )
            return (posterior.mean**2 + posterior.log_variance**2).mean(), updated

        return jax.grad(loss, has_aux=True)(params)

    if way != "calls":
        return lambda: gradient(state.params, state.batch_stats, views, way)
    add = jax.jit(lambda a, b: jax.tree.map(jnp.add, a, b), donate_argnums=0)
    single = [views[:, v : v + 1] for v in range(count)]

    def one_by_one():
        total, statistics = gradient(state.params, state.batch_stats, single[0], "loop")
        for view in single[1:]:
            gradients, statistics = gradient(state.params, statistics, view, "loop")
            total = add(total, gradients)
        return total, statistics

    return one_by_one
