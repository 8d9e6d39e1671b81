"""Trains on one and on several emulated devices and compares; for test_sharding.py.

A program of its own, because the number of devices is fixed once JAX has started.
"""

import os

os.environ["XLA_FLAGS"] = (
    "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0 "
    "--xla_cpu_collective_call_terminate_timeout_seconds=900"
)

import sys

import jax
import numpy as np

from tests.helpers import (
    AZIMUTHS,
    OPEN,
    PENALTY,
    REFINER,
    assert_trees_close,
    make_batch,
    tiny_config,
)
from vaegan_jax.benchmark.collectives import sent_bytes
from vaegan_jax.checkpoints.checkpoint import Checkpoints, abstract_state
from vaegan_jax.distributed.sharding import (
    by_batch,
    device_mesh,
    local_copy,
    on_all,
    place,
)
from vaegan_jax.models.convolutions import same, strided
from vaegan_jax.models.networks import build_networks
from vaegan_jax.training.optimizers import build_optimizers
from vaegan_jax.training.state import create_state
from vaegan_jax.training.step import make_train_step

# So that convolutions go through each device's share in parts, as large batches do.
strided._AT_ONCE = same._AT_ONCE = 1 << 14

SMALLER = {
    # Large enough for shares of it to outweigh what every device does.
    "model.resolution": 32,
    "model.generator_widths": (6, 5, 4, 3),
    "model.discriminator_widths": (3, 4, 5, 6),
    "train.batch_size": 16,
    "model.image_size": 16,
    "model.encoder_widths": (3, 4),
    # Whatever is drawn at random is the same on any number of devices.
    "augmentation.mirror": True,
    "augmentation.zoom": 0.2,
    "augmentation.shift": 0.1,
    "augmentation.contrast": 0.3,
}
LARGEST_MESSAGE = 1 << 17  # bytes: all gradients of the tiny networks together


class Run:
    """The step and the state on some of the devices."""

    def __init__(self, algorithm: str, devices: int, convolution: str):
        fields = OPEN | SMALLER | {"model.convolution": convolution}
        if algorithm == "gan":
            fields |= PENALTY
        if algorithm != "gan":  # their second step is no turn of the adversary
            fields["loss.adversarial_every"] = 2
        if algorithm == "mv_vae_gan":
            fields["data.fewest_views"] = 1
        if algorithm == "vae_gan":
            fields |= {"model.azimuths": 6, "model.azimuth_heads": False}
        if algorithm == "azimuths":
            algorithm = "mv_vae_gan"
            fields |= AZIMUTHS | {"augmentation.mirror": False}
            fields["data.encoded_views"] = 2
        if algorithm == "refiner":
            algorithm = "mv_vae_gan"
            fields |= REFINER | {"data.fewest_views": 1}
            fields["augmentation.camera_jitter"] = 1.0
            fields["augmentation.scale_jitter"] = 0.02
            fields["augmentation.latent_mix"] = 0.5
        self.config = tiny_config(algorithm, **fields)
        self.mesh = device_mesh(jax.devices()[:devices])
        networks = build_networks(self.config)
        optimizers = build_optimizers(self.config, 10.0)
        self.create = lambda: create_state(self.config, networks, optimizers, self.mesh)
        batch = jax.tree.map(np.asarray, make_batch(self.config))
        if algorithm == "vae_gan":
            batch["targets"] = 255 - 200 * batch["voxels"]
            # Some are not known, all of them those of the first devices.
            cameras = np.tile(np.float32([0, 20, 2, 30]), (16, 1, 1))
            cameras[..., 0] = 25 * np.arange(16)[:, None]
            cameras[:7] = np.nan
            batch["cameras"] = cameras
        if "cameras" in batch and algorithm == "mv_vae_gan":
            known = np.arange(16)[:, None, None] >= 7
            batch["cameras"] = np.where(known, batch["cameras"], np.float32(np.nan))
        self.batch = place(batch, by_batch(self.mesh))
        step = make_train_step(self.config, networks, optimizers, self.mesh)
        self.step = step.lower(self.create(), self.batch).compile()

    def one_step(self, number: int = 0):
        state = self.create()
        state = state.replace(step=state.step + number)
        state, metrics = self.step(state, self.batch)
        return local_copy(state), jax.device_get(metrics), state


def compare(algorithm: str, convolution: str, counts: list[int], workdir: str):
    one = Run(algorithm, 1, convolution)
    assert not any(sent_bytes(one.step.as_text()).values())
    expected, expected_metrics, _ = one.one_step()
    _, later_metrics, _ = one.one_step(1)
    for count in counts:
        run = Run(algorithm, count, convolution)
        _, metrics, _ = run.one_step(1)
        for name, value in later_metrics.items():
            np.testing.assert_allclose(metrics[name], value, 1e-4, 1e-5, err_msg=name)
        state, metrics, whole = run.one_step()
        for name, value in expected_metrics.items():
            np.testing.assert_allclose(metrics[name], value, 1e-4, 1e-5, err_msg=name)
        for name in ("generator", "discriminator", "encoder", "refiner"):
            ours, theirs = getattr(state, name), getattr(expected, name)
            if theirs is None:
                continue
            assert_trees_close(ours.batch_stats, theirs.batch_stats, 1e-3, 1e-5)
            # First moments, which are gradients: parameters after Adam flip with
            # tiny ones. So does one of R's many ReLUs, for what is nearly zero.
            ours, theirs = ours.opt_state.mu, theirs.opt_state.mu
            scale = max(abs(m).max() for m in jax.tree.leaves(theirs))
            near = 3e-4 if name == "refiner" else 3e-5
            assert_trees_close(ours, theirs, rtol=2e-3, atol=near * scale)
        check_copies(whole)
        check_messages(run.step, one_latent=4 * run.config.model.latent_size)
        if convolution == "plain":  # the flops of loops are not counted
            check_shares(run, one)
        print(f"{algorithm} {convolution}: {count} devices do as one", flush=True)
    check_resume(run, whole, one, f"{workdir}/{algorithm}_{convolution}")


def check_copies(state) -> None:
    """The devices' copies of the state are the same, bit for bit."""
    for leaf in jax.tree.leaves(state):
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            leaf = jax.random.key_data(leaf)
        first, *others = (np.asarray(shard.data) for shard in leaf.addressable_shards)
        assert all(np.array_equal(first, other) for other in others)


def check_messages(step, one_latent: int) -> None:
    """Devices exchange sums and gradients, never activations but, for R, one latent."""
    sent = sent_bytes(step.as_text())
    assert sent["all-reduce"]
    for kind in ("all-gather", "all-to-all", "reduce-scatter"):
        assert not sent[kind], (kind, sent[kind])
    assert sum(sent["collective-permute"]) <= one_latent, sent["collective-permute"]
    assert max(sent["all-reduce"]) < LARGEST_MESSAGE, sent["all-reduce"]


def check_shares(run: Run, one: Run) -> None:
    """No device does more than its share: the fake shapes too are divided."""
    ours, whole = (r.step.cost_analysis()["flops"] for r in (run, one))
    assert ours < 1.1 * whole / run.mesh.size


def check_resume(saved: Run, state, other: Run, workdir: str) -> None:
    """What one number of devices saved, another one goes on from, and back."""
    for saver, reader in ((saved, other), (other, saved)):
        checkpoints = Checkpoints(f"{workdir}/{saver.mesh.size}")
        checkpoints.save(state)
        checkpoints.wait()
        before = jax.device_get(local_copy(state.generator.params))
        state = checkpoints.restore(abstract_state(reader.create, on_all(reader.mesh)))
        checkpoints.close()
        placement = on_all(reader.mesh)
        assert all(x.sharding == placement for x in jax.tree.leaves(state))
        assert_trees_close(local_copy(state.generator.params), before, 0, 0)
        state, metrics = reader.step(state, reader.batch)
    assert int(state.step) == 3 and np.isfinite(metrics["loss/generator"])


if __name__ == "__main__":
    folder, *trials = sys.argv[1:]
    for trial in trials:  # ALGORITHM:CONVOLUTION:COUNT,COUNT
        name, form, numbers = trial.split(":")
        compare(name, form, [int(n) for n in numbers.split(",")], folder)
