"""Samples of a model as files, pictures and a page to look at."""

import pathlib

import numpy as np
from jaxtyping import Float

from vaegan_jax.inference.model import Model
from vaegan_jax.inference.shape_files import ShapeWriter, make_folder
from vaegan_jax.metrics.shape_quality import small_parts
from vaegan_jax.shapes.animations import save_gif, turntable
from vaegan_jax.shapes.drawing import draw_shapes
from vaegan_jax.shapes.gallery import write_gallery

_TURNING = 16  # shapes in the GIF, which would grow large otherwise


def write_samples(
    model: Model,
    latents: Float[np.ndarray, "n latent"],
    output: str | pathlib.Path,
    writer: ShapeWriter,
    animate: bool = True,
    clean: bool = False,
) -> list[int]:
    """Writes the shapes that drawn latents stand for.

    `samples.npz` (`voxels`, `latents`), `samples.png`, `turntable.gif` of the first
    sixteen, `gallery.html`, and `sample_NNN.*` of each shape.

    What `clean` removes are the `small_parts` of a shape, which a person would throw
    away: under 5 % of the voxels of its largest part. Of training chairs of ModelNet10
    no voxel is in such a part (`scripts/evaluate.py`, "in small parts" of the training
    shapes), so what is removed is nothing that real chairs have.

    Args:
      model: the generator.
      latents: as from `Model.draw_latents`.
      output: a folder, made if missing.
      writer: how shapes become files.
      animate: write the GIF, which takes most of the time.
      clean: without small parts, everywhere but in `samples.npz`.

    Returns:
      The numbers of the shapes without a filled voxel, of which there is no mesh.

    Raises:
      UserError: the folder cannot be made or written to.
    """
    output = make_folder(output)
    shapes = writer.clean(model.generate(latents))
    np.savez_compressed(output / "samples.npz", voxels=shapes, latents=latents)
    if clean:
        shapes = without_small_parts(shapes, writer)
    occupied = writer.filled(shapes)
    meshes = {
        f"sample {i}": writer.write(output, f"sample_{i:03d}", shape)
        for i, shape in enumerate(shapes)
    }
    draw_shapes(occupied).save(output / "samples.png")
    note = f"Of {model.config.name} at step {model.step}."
    write_gallery(output / "gallery.html", meshes, f"{len(shapes)} samples", note)
    if animate:
        frames = list(turntable(occupied[:_TURNING]))
        save_gif(output / "turntable.gif", frames, seconds=4.0)
    return [i for i, mesh in enumerate(meshes.values()) if mesh is None]


def without_small_parts(
    probabilities: Float[np.ndarray, "n x y z"], writer: ShapeWriter
) -> Float[np.ndarray, "n x y z"]:
    """Copies whose voxels in `small_parts` of what is written have become 0."""
    # As often as there are some: each time the shapes' own thresholds move.
    while (small := small_parts(writer.filled(probabilities))).any():
        probabilities = np.where(small, np.float32(0), probabilities)
    return probabilities
