"""Reads damaged files of all formats.

    python -m tests.shapes.fuzz_trials --mutations=400

Prints a table for docs/reliability.md; the exit status is 1 if anything but a sentence
came of a file, or one took too long.
"""

import argparse
import io
import sys
import time

import numpy as np
import scipy.io

from data_prep.volumetric_grids.read_grid import read_instance
from tests.shapes import binary_writers, text_writers
from tests.shapes.fuzzing import Format, fuzz, limit_memory
from vaegan_jax.shapes.mesh_files import MESH_SUFFIXES, read_mesh
from vaegan_jax.shapes.voxel_files import encode_binvox, read_binvox
from vaegan_jax.shapes.voxelize import voxelize

_GIBIBYTES = 8


def mesh_formats() -> list[Format]:
    """Every form of every kind of mesh, read and voxelised."""
    outline = [(0, 0), (5, 0), (5, 5), (4, 5), (4, 2), (1, 2), (1, 5), (0, 5)]
    vertices = [(x / 4, y / 4, z / 4) for z in (0, 1) for x, y in outline]
    polygons = [[*range(8)][::-1], [*range(8, 16)], [0, 1, 9, 8]]
    triangles = [[0, 1, 9], [0, 9, 8], [2, 3, 11]]
    forms = [
        (suffix, write(vertices, faces))
        for module in (text_writers, binary_writers)
        for forms, faces in (
            (module.POLYGON_FORMS, polygons),
            (module.TRIANGLE_FORMS, triangles),
        )
        for suffix, write in forms.values()
    ]
    return [
        Format(
            suffix,
            [content for other, content in forms if other == suffix],
            lambda content, suffix=suffix: voxelize(
                read_mesh(content, suffix), 16, oversample=1
            ),
        )
        for suffix in MESH_SUFFIXES
    ]


def grid_formats() -> list[Format]:
    """Voxel grids."""
    grid = np.zeros((6, 6, 6), bool)
    grid[1:5, 2:4, 3] = True
    matlab = []
    for compressed in (False, True):
        for kind in (np.uint8, float):
            file = io.BytesIO()
            variables = {"instance": grid.astype(kind), "other": [1, 2]}
            scipy.io.savemat(file, variables, do_compression=compressed)
            # Without the date, so that a seed always gives the same.
            matlab.append(b"MATLAB 5.0 MAT-file".ljust(124) + file.getvalue()[124:])
    return [
        Format(".binvox", [encode_binvox(grid)], read_binvox),
        Format(".mat", matlab, read_instance),
    ]


FORMATS = (mesh_formats, grid_formats)  # functions that give formats to try


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=400, help="of each format")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    limit_memory(_GIBIBYTES)
    formats = [format for make in FORMATS for format in make()]
    start = time.process_time()
    tally, wrong = fuzz(formats, given.mutations, given.seed)
    print("| format | damaged files | read | refused in a sentence | anything else |")
    print("| --- | --- | --- | --- | --- |")
    for name, counts in tally.items():
        known = counts["read"] + counts["refused"]
        total = counts.total()
        row = (name, total, counts["read"], counts["refused"], total - known)
        print("|", " | ".join(map(str, row)), "|")
    print(f"{time.process_time() - start:.0f} CPU seconds")
    print(*wrong[:20], sep="\n", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
