"""Runs an exported model with jax and numpy alone, and compares with check.npz.

    python run_exported.py

To use an artefact in a program of your own:

    generator = load("generator.jaxexport")
    shapes = generator(latents)  # (b, latent) float32 -> (b, x, y, z), 0 to 1

Views for the others are (b, v, h, w, c) uint8, on white; the shapes that are told below
say how many channels c there are: 1, grey, or 3, red, green and blue. A reconstructor
of which two are told also takes the cameras of the views, (b, v, 4) float32:

    shapes = reconstructor(views, cameras)

For each view these are azimuth (0 in front, 90 on the +x side) and elevation in
degrees, the distance of the eye in diagonals of the shape's bounding box, and the field
of view in degrees; NaN where they are not known: then only the encoder sees that view.
"""

import pathlib
import sys

import jax
import numpy as np
from jax import export

FOLDER = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-3  # of probabilities and latents: backends round differently
THRESHOLD = 0.4  # from which a voxel is filled


def load(path):
    """The function in an artefact."""
    return export.deserialize(pathlib.Path(path).read_bytes()).call


def fail(sentence):
    """Ends the program with one sentence."""
    sys.exit(f"error: {sentence}")


def main():
    try:
        jax.devices()
    except Exception as error:  # AssertionErrors among them
        reason = str(error).partition(" (set JAX_PLATFORMS")[0]
        fail(
            f"JAX cannot start {jax.config.jax_platforms!r}, which JAX_PLATFORMS asks "
            f"for{f' ({reason})' if reason else ''}; leave it out to take what "
            "there is"
        )
    try:
        check = np.load(FOLDER / "check.npz")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}; export the model again")
    inputs = [name for name in check.files if name.endswith("_input")]
    if not inputs:
        fail(f"{FOLDER / 'check.npz'} checks no program; export the model again")
    for name in sorted(inputs):
        path = FOLDER / f"{name.removesuffix('_input')}.jaxexport"
        try:
            program = load(path)
        except Exception as error:  # of damaged bytes, anything
            fail(f"{path} cannot be read ({error}); export the model again")
        cameras = f"{path.stem}_cameras"
        given = [check[x] for x in (name, cameras) if x in check.files]
        made = np.asarray(program(*given))
        expected = check[f"{path.stem}_output"]
        if made.shape != expected.shape:
            fail(f"{path.name} gives {made.shape}, not {expected.shape}")
        difference = np.abs(made - expected).max()
        if not difference <= TOLERANCE:
            fail(f"{path.name} differs by {difference:.2g}")
        shapes = " and ".join(str(x.shape) for x in given)
        same = ((made > THRESHOLD) == (expected > THRESHOLD)).mean()
        print(
            f"{path.name}: {shapes} -> {made.shape}, largest difference "
            f"{difference:.1e}, {same:.3%} on the same side of {THRESHOLD}"
        )


if __name__ == "__main__":
    main()
