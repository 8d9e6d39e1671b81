"""Writes generated shapes as the files that people open elsewhere."""

import pathlib

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.metrics.reconstruction import OCCUPIED
from vaegan_jax.shapes import draw_shapes, voxels_to_mesh, write_binvox, write_glb


def write_samples(
    output: pathlib.Path,
    probabilities: Float[np.ndarray, "n x y z"],
    latents: Float[np.ndarray, "n latent"],
) -> list[int]:
    """Writes `samples.npz`, `samples.png`, and a `.glb` and a `.binvox` of each shape.

    Args:
      output: a folder, made if missing.
      probabilities: occupancy.
      latents: what the shapes were generated from.

    Returns:
      The numbers of the shapes without a filled voxel, of which there is no mesh.

    Raises:
      UserError: the folder cannot be made or written to.
    """
    empty = []
    try:
        output.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            output / "samples.npz", voxels=probabilities, latents=latents
        )
        draw_shapes(probabilities > OCCUPIED).save(output / "samples.png")
        for i, shape in enumerate(probabilities):
            write_binvox(output / f"sample_{i:03d}.binvox", shape > OCCUPIED)
            if shape.max() > OCCUPIED:
                mesh = voxels_to_mesh(shape, OCCUPIED)
                write_glb(output / f"sample_{i:03d}.glb", mesh)
            else:
                empty.append(i)
    except OSError as error:
        raise UserError(
            f"cannot write to {output}: {error}; choose another --output"
        ) from error
    return empty
