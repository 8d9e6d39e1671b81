"""Writes files.zip, which test_compatibility.py reads: files of an older commit.

    python -m tests.compatibility.write_files

The file in the repository was written by the last commit before the modules moved into
rooms. Writing it anew makes the test one of that day's files: only do so if a format is
given up on purpose, and say so in CHANGELOG.md.
"""

import pathlib
import shutil
import tempfile

import jax
import numpy as np

from tests.helpers import Setup, make_examples, tiny_config
from vaegan_jax.checkpoints.checkpoint import Checkpoints
from vaegan_jax.checkpoints.config_file import save_config
from vaegan_jax.data import packed_source
from vaegan_jax.data.dataset import training_batches
from vaegan_jax.distributed.sharding import device_mesh
from vaegan_jax.inference.export import write_weights
from vaegan_jax.inference.likeness import like_examples
from vaegan_jax.inference.loading import load
from vaegan_jax.inference.model import Model
from vaegan_jax.shapes.pictures.framing import fit_framing

FILES = pathlib.Path(__file__).with_name("files.zip")
STEPS = 2
_SMALL = {
    "model.resolution": 32,
    "train.average_decay": 0.9,
    "model.image_size": 16,
    "model.encoder_widths": (2, 3),
    "model.generator_widths": (4, 4, 3, 2),
    "model.discriminator_widths": (2, 3, 4, 4),
    "loss.discriminator_threshold": 1.0,
}


def small_setup() -> Setup:
    return Setup(tiny_config("mv_vae_gan", **_SMALL))


def small_examples():
    return make_examples(count=6, num_views=3, image_size=16, resolution=32)


def batch_of(step: int, config, data: pathlib.Path, examples) -> dict[str, jax.Array]:
    """What training learns from at a step."""
    options = config.train.batch_size, config.data.num_views, config.seed
    return next(training_batches(data, examples, *options, step, device_mesh()))


def numbers_of(model: Model, examples) -> dict[str, np.ndarray]:
    """Some of what a model makes of latents and views."""
    fine = {
        "decoded": model.decode(np.eye(4, model.config.model.latent_size, dtype="f")),
        "sampled": model.sample(4),
        "reconstructed": model.reconstruct(examples.views),
    }
    return {name: shapes[:, ::4, ::4, ::4] for name, shapes in fine.items()}


def write(folder: pathlib.Path) -> None:
    """Writes a packed file, a work directory, its weights, and what they give."""
    setup, examples = small_setup(), small_examples()
    data, run = folder / "data.npz", folder / "run"
    packed_source.write(data, {"train": examples}, {"source": "random"})
    run.mkdir()
    save_config(run, setup.config)
    fit_framing(examples.views).save(run)
    state = setup.create()
    for step in range(STEPS):
        batch = batch_of(step, setup.config, data, examples)
        state, _ = setup.train_step(state, batch)
    checkpoints = Checkpoints(run)
    checkpoints.save(state, score=0.5)
    checkpoints.close()
    like_examples(load(run), examples).mixture.save(run, STEPS)
    model = load(run)
    write_weights(model, folder / "weights")
    np.savez_compressed(folder / "run.npz", **numbers_of(model, examples))
    weights = numbers_of(load(folder / "weights"), examples)
    np.savez_compressed(folder / "weights.npz", **weights)
    _, metrics = setup.train_step(state, batch_of(STEPS, setup.config, data, examples))
    np.savez_compressed(folder / "next_step.npz", **metrics)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder))
        shutil.make_archive(str(FILES.with_suffix("")), "zip", folder)
    print(f"wrote {FILES}, {FILES.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
