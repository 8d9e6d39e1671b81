"""Asks PyTorch for the values that tests compare ours with, and stores them.

    python -m tests.pytorch.make_pytorch_values

It needs the extra `bench`. Tests run it too, to see that today's PyTorch still gives
what is stored. It is a program of its own, because a process that has imported
TensorFlow dies when PyTorch imports Triton.
"""

import argparse
import pathlib
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import torch
import torch.nn.functional as F

from tests.pytorch import pytorch_inputs as inputs
from tests.pytorch.pytorch_values import STORED, save
from vaegan_jax.benchmark import pytorch_networks as networks
from vaegan_jax.benchmark.pytorch_evidence import read_views
from vaegan_jax.benchmark.pytorch_frame import estimate, hull_ends, place
from vaegan_jax.benchmark.pytorch_networks import tensor
from vaegan_jax.benchmark.pytorch_step import Draws, PyTorchStep

# A name, inputs, and a dict of outputs.
Answers = Iterator[tuple[str, Any, dict[str, Any]]]


def channels_first(x: Any) -> torch.Tensor:
    return tensor(x).movedim(-1, 1)


def channels_last(x: torch.Tensor) -> np.ndarray:
    return x.detach().movedim(1, -1).numpy()


def kernel_of(kernel: Any) -> torch.Tensor:
    """From (taps, c, o) to (o, c, taps)."""
    return tensor(kernel).movedim((-1, -2), (0, 1))


def numpy(tree: Any) -> Any:
    return jax.tree.map(lambda x: x.detach().numpy(), tree)


def convolutions() -> Answers:
    for rank, taps, padding, size in inputs.CONVOLUTIONS:
        given = inputs.operands(rank, taps, size, transposed=False)
        x, kernel = channels_first(given[0]), kernel_of(given[1])
        apply = {2: F.conv2d, 3: F.conv3d}[rank]
        y = apply(x, kernel, stride=2, padding=padding)
        yield f"convolution/{rank}d/{size}", given, {"y": channels_last(y)}
    for size in inputs.TRANSPOSED_SIZES:
        given = inputs.operands(3, 4, size, transposed=True)
        x, kernel = channels_first(given[0]), kernel_of(given[1])
        y = F.conv_transpose3d(x, kernel, stride=2, padding=1)
        yield f"transposed/{size}", given, {"y": channels_last(y)}


def gradients_of_convolutions() -> Answers:
    for transposed in (False, True):
        given = inputs.convolution_and_cotangent(transposed)
        x = channels_first(given[0]).requires_grad_()
        kernel = kernel_of(given[1]).requires_grad_()
        apply = F.conv_transpose3d if transposed else F.conv3d
        y = apply(x, kernel, stride=2, padding=1)
        y.backward(channels_first(given[2]))
        outputs = {
            "x": channels_last(x.grad),
            "kernel": kernel.grad.movedim((0, 1), (-1, -2)).numpy(),
        }
        yield f"gradients/{'transposed' if transposed else 'strided'}", given, outputs


def batch_norm() -> Answers:
    given = inputs.batch_norm()

    def answer(parts, training):
        layer = torch.nn.BatchNorm2d(3).train(training)
        params, stats = given["variables"]["params"], given["variables"]["batch_stats"]
        state = {
            "weight": tensor(params["scale"]),
            "bias": tensor(params["bias"]),
            "running_mean": tensor(stats["mean"]),
            "running_var": tensor(stats["var"]),
        }
        layer.load_state_dict(state, strict=False)
        x = channels_first(given["x"])
        y = torch.cat([layer(part) for part in x.chunk(parts)])
        running = {"mean": layer.running_mean, "var": layer.running_var}
        return {"y": channels_last(y), **numpy(running)}

    yield "batch_norm/training", given, answer(1, training=True)
    yield "batch_norm/evaluation", given, answer(1, training=False)
    yield "batch_norm/groups", given, answer(3, training=True)


def adam() -> Answers:
    given = inputs.adam()
    params = tensor(given["params"]).requires_grad_()
    optimizer = torch.optim.Adam(
        [params], lr=given["learning_rate"], betas=given["betas"]
    )
    for gradient in given["gradients"]:
        params.grad = tensor(gradient)
        optimizer.step()
    yield "adam", given, {"params": numpy(params)}


def divergence() -> Answers:
    for scale in inputs.PRIOR_SCALES:
        given = inputs.divergence(scale)
        deviation = torch.exp(tensor(given["log_variance"]) / 2)
        each = torch.distributions.kl_divergence(
            torch.distributions.Normal(tensor(given["mean"]), deviation),
            torch.distributions.Normal(0.0, scale),
        )
        yield f"kl/{scale}", given, {"kl": numpy(each.sum(-1).mean())}


def forward_passes() -> Answers:
    for name, ends in (
        ("generator", False),
        ("generator", True),
        ("discriminator", False),
        ("discriminator", True),
        ("encoder", True),
    ):
        _, given = inputs.network(name)
        params = networks.from_flax(given["variables"]["params"], ends)
        stats = jax.tree.map(tensor, given["variables"]["batch_stats"])
        if name == "generator":
            logits = networks.generator(params, stats, tensor(given["x"]))
            outputs = {"logits": channels_last(logits)}
        elif name == "discriminator":
            voxels = channels_first(given["x"])
            logits = networks.discriminator(params, stats, voxels, inputs.LEAK)
            outputs = {"logits": numpy(logits)}
        else:
            posterior = networks.encoder(params, stats, channels_first(given["x"]))
            outputs = dict(zip(("mean", "log_variance"), numpy(posterior), strict=True))
        way = "dense" if ends else "convolutional"
        yield f"{name}/{way} ends", given, {**outputs, "batch_stats": numpy(stats)}


def evidence() -> Answers:
    given = inputs.evidence()
    batch = jax.tree.map(tensor, given)
    frame, resolution = estimate(batch["voxels"]), batch["voxels"].shape[-1]
    cells, views = read_views(batch["views"], batch["cameras"], *frame, resolution)
    cells = cells.movedim((2, 1), (-2, -1)).flatten(-2)
    yield "evidence", given, numpy({"cells": cells, "views": views})


def hulls() -> Answers:
    for size in inputs.PICTURE_SIZES:
        given = inputs.pictures(size)
        ends = hull_ends(tensor(given["views"]), tensor(given["cameras"]))
        yield f"hull/{size}", given, {"ends": numpy(ends)}


def frames() -> Answers:
    _, given = inputs.frame_estimator()
    params = networks.from_flax(given["variables"]["params"], dense_ends=True)
    hull, summary = (tensor(given[name]) for name in ("hull", "summary"))
    made = place(params, hull, summary, channels_first(given["logits"]))
    yield "frame", given, dict(zip(("scales", "middles"), numpy(made), strict=True))


def penalty() -> Answers:
    _, given = inputs.network("critic")
    params = networks.from_flax(given["variables"]["params"], dense_ends=True)
    leaves = [leaf.requires_grad_() for leaf in jax.tree.leaves(params)]
    x = channels_first(given["x"]).requires_grad_()
    logits = networks.discriminator(params, None, x, inputs.LEAK)
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    value = 0.5 * (slope**2).sum((1, 2, 3, 4)).mean()
    # Biases are left out: where nothing bends, they have no say in the gradient.
    found = torch.autograd.grad(value, leaves, allow_unused=True)
    found = jax.tree.unflatten(jax.tree.structure(params), [*found])
    kernels = {layer: {"kernel": values["kernel"]} for layer, values in found.items()}
    outputs = {"penalty": numpy(value), "gradients": networks.to_flax(kernels)}
    yield "penalty", given, outputs


def steps() -> Answers:
    for name, way in inputs.STEPS_IN_PYTORCH:
        this = inputs.training_step(name)
        yield f"step/{name}/{way}", this.inputs, after_step(this, way)


def after_step(this: inputs.Step, way: str) -> dict[str, Any]:
    """Losses, Adam's first moments and running statistics."""
    peer = PyTorchStep(this.setup.config, this.state, way, channels_last=way == "best")
    batch, draws = jax.tree.map(tensor, (this.batch, this.draws()))
    given = [batch.get(name) for name in ("voxels", "views", "cameras")]
    losses = peer(*given, draws=Draws(**draws))

    def moments(net):
        # After one step Adam's first moment is (1 - β1) times the gradient.
        states = peer.optimizers[net].state
        return jax.tree.map(lambda p: states[p]["exp_avg"], peer.params[net])

    return {
        "losses": numpy(losses),
        "moments": {net: networks.to_flax(moments(net)) for net in peer.optimizers},
        "batch_stats": numpy(peer.stats),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=STORED)
    path = parser.parse_args().output
    subjects = (
        *(convolutions, gradients_of_convolutions, batch_norm, adam, divergence),
        *(forward_passes, evidence, hulls, frames, penalty, steps),
    )
    save(path, torch.__version__, (a for subject in subjects for a in subject()))
    print(f"{path}: {path.stat().st_size:,} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
