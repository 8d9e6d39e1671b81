"""Writes generated shapes as the files that people open elsewhere."""

import dataclasses
import os
import pathlib

import numpy as np
import trimesh
from jaxtyping import Bool, Float

from vaegan_jax.errors import UserError, explain
from vaegan_jax.shapes.mesh_writers import MESH_FORMATS, write_mesh
from vaegan_jax.shapes.meshes import remove_small_parts, voxels_to_mesh
from vaegan_jax.shapes.thresholds import expected_iou_threshold
from vaegan_jax.shapes.voxel_files import write_binvox

FORMATS = (*MESH_FORMATS, "binvox", "npz")


@dataclasses.dataclass(frozen=True)
class ShapeWriter:
    """How shapes become files. Units and axes of meshes: see `shapes.mesh_writers`.

    Attributes:
      formats: some of `FORMATS`. A binvox file holds what is occupied; an npz file
        `voxels`, the probabilities.
      threshold: of occupancy, between what is inside and what is outside; None is
        each shape's own, `expected_iou_threshold`.
      smooth: rounds of smoothing of the meshes; 0 leaves them as they are.
      min_part: parts of fewer voxels are removed; 0 or 1 keeps all.

    Raises:
      UserError: a format is unknown, or a number impossible.
    """

    formats: tuple[str, ...] = FORMATS
    threshold: float | None = None
    smooth: int = 0
    min_part: int = 0

    def __post_init__(self):
        for name in self.formats:
            if name not in FORMATS:
                raise UserError(
                    f"there is no format {name!r}; these can be written: "
                    + ", ".join(FORMATS)
                )
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise UserError(f"the threshold is {self.threshold}; give one in (0, 1)")
        for field in ("smooth", "min_part"):
            if getattr(self, field) < 0:
                raise UserError(f"{field} is {getattr(self, field)}; give 0 or more")

    def cut(self, shape: Float[np.ndarray, "x y z"]) -> float:
        """The threshold of a shape."""
        if self.threshold is not None:
            return self.threshold
        return expected_iou_threshold(shape)

    def filled(
        self, probabilities: Float[np.ndarray, "n x y z"]
    ) -> Bool[np.ndarray, "n x y z"]:
        """What is occupied of shapes."""
        cuts = [self.cut(shape) for shape in probabilities]
        return probabilities > np.float32(cuts)[:, None, None, None]

    def clean(
        self, probabilities: Float[np.ndarray, "n x y z"]
    ) -> Float[np.ndarray, "n x y z"]:
        """The shapes without their smallest parts."""
        if self.min_part < 2:
            return probabilities
        return np.stack([self._clean(shape) for shape in probabilities])

    def _clean(self, shape):
        # What is removed moves a shape's own threshold, which may show other parts.
        while True:
            cleaned = remove_small_parts(shape, self.cut(shape), self.min_part)
            if np.array_equal(cleaned, shape):
                return cleaned
            shape = cleaned

    def write(
        self, output: pathlib.Path, name: str, shape: Float[np.ndarray, "x y z"]
    ) -> trimesh.Trimesh | None:
        """Writes `output/name.*` in all formats.

        Returns:
          The mesh; None if no voxel is filled.
        """
        threshold = self.cut(shape)
        occupied = shape > threshold
        if "npz" in self.formats:
            np.savez_compressed(output / f"{name}.npz", voxels=shape)
        if "binvox" in self.formats:
            write_binvox(output / f"{name}.binvox", occupied)
        if not occupied.any():
            return None
        mesh = voxels_to_mesh(shape, threshold, self.smooth)
        for kind in self.formats:
            if kind in MESH_FORMATS:
                write_mesh(output / f"{name}.{kind}", mesh)
        return mesh


def check_writable(folder: str | pathlib.Path, flag: str = "--output") -> None:
    """Raises UserError, which names the flag, if a folder can be neither made nor used.

    For before what takes long; it makes nothing.
    """
    folder = pathlib.Path(folder).absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    # As the kernel will decide, which counts capabilities too.
    effective = os.access in os.supports_effective_ids
    usable = os.access(there, os.W_OK | os.X_OK, effective_ids=effective)
    if not there.is_dir() or not usable:
        raise UserError(
            f"cannot write to {folder}; make that possible, or choose another {flag}"
        )


def make_folder(output: str | pathlib.Path) -> pathlib.Path:
    """The folder, made if it is missing.

    Raises:
      UserError: it cannot be made or written to.
    """
    output = pathlib.Path(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        probe = output / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"cannot write to {output} ({explain(error)}); choose another --output"
        ) from error
    return output
