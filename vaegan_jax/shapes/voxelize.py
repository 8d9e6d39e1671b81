"""From meshes to voxel grids, in the frame of binvox.

binvox (Min 2004, https://www.patrickmin.com/binvox/; Nooruddin and Turk 2003) is what
most voxel data sets were made with. Its frame: the longest side of the mesh's bounding
box spans the whole grid, and the other sides are centred (`-cb`) or start at 0.
"""

import numpy as np
import scipy.ndimage
import trimesh
from jaxtyping import Bool, Float

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cells import box_chunks, expand_boxes
from vaegan_jax.shapes.render import check_mesh
from vaegan_jax.shapes.zbuffer import CARVE, SHAPENET, remove_internal, solid_voxels

_STYLES = {"carve": CARVE, "shapenet": SHAPENET}
METHODS = ("exact", *_STYLES)


def voxelize(
    mesh: trimesh.Trimesh,
    resolution: int = 32,
    solid: bool = False,
    centred: bool = True,
    oversample: int = 4,
    method: str | None = None,
) -> Bool[np.ndarray, "x y z"]:
    """Voxelises a mesh as binvox does.

    This happens on a grid that is finer by `oversample`; a voxel is set if any fine one
    in it is. There are three methods:

    - "exact", `binvox -e`: every voxel that a triangle touches is set (a triangle that
      lies between two voxels belongs to the upper one). A solid also has what a closed
      mesh encloses, or what of one with holes cannot be seen from any of the six sides.
    - "carve", binvox without `-e` (zbuffer.py). Its walls lie within half a voxel of
      the mesh, instead of around it.
    - "shapenet", "carve" with the peculiarities of ShapeNet's own voxel files.

    The grids that users of ModelNet know are `voxelize(mesh)`, those of ShapeNet
    `voxelize(mesh, solid=..., centred=False, method="shapenet")`.

    Args:
      mesh: any triangle mesh; it need not be closed.
      resolution: voxels along each axis.
      solid: fill the inside.
      centred: centre the shorter sides in the grid, as `binvox -cb`; otherwise they
        start at index 0.
      oversample: fine voxels for each voxel along an axis.
      method: default `default_method(solid)`.

    Returns:
      Occupancy, axes as the mesh's.

    Raises:
      UserError: if the mesh is empty or has non-finite vertices, the resolution is not
        positive or the method unknown.
    """
    if resolution < 1 or oversample < 1:
        raise UserError(
            f"resolution is {resolution} and oversample {oversample}; "
            "give whole numbers from 1 up."
        )
    method = method or default_method(solid)
    if method not in METHODS:
        raise UserError(f'method is "{method}"; give "exact", "carve" or "shapenet".')
    check_mesh(mesh)
    size = resolution * oversample
    triangles = _to_grid(mesh, size, centred)
    if method == "exact":
        grid = surface_voxels(triangles, size)
        if solid:
            grid = fill_enclosed(grid) if _is_closed(triangles) else carve(grid)
    else:
        grid = solid_voxels(triangles, size, _STYLES[method])
        if not solid:
            grid = remove_internal(grid, _STYLES[method])
    return max_pool(grid, oversample)


def default_method(solid: bool) -> str:
    """For surfaces "exact", for solids "carve": `binvox -e` does not make solids."""
    return "carve" if solid else "exact"


def _to_grid(mesh, size: int, centred: bool) -> Float[np.ndarray, "n 3 3"]:
    """The triangles in units of voxels, the longest side of the box from 0 to size."""
    low, high = mesh.bounds
    longest = (high - low).max()
    start = (low + high - longest) / 2 if centred else low
    return (np.asarray(mesh.triangles) - start) * (size / longest)


def _is_closed(triangles) -> bool:
    """Whether every edge joins two faces, once vertices at one place are one."""
    faces = np.arange(3 * len(triangles)).reshape(-1, 3)
    mesh = trimesh.Trimesh(triangles.reshape(-1, 3), faces, process=False)
    mesh.merge_vertices(digits_vertex=6)
    return mesh.is_watertight


def fill_enclosed(grid: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    """Fills every empty voxel that no path of empty faces joins to the outside."""
    box = _bounding_box(grid)
    empty, _ = scipy.ndimage.label(np.pad(~grid[box], 1, constant_values=True))
    filled = np.zeros_like(grid)
    filled[box] = empty[1:-1, 1:-1, 1:-1] != empty[0, 0, 0]
    return filled


def carve(grid: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    """Fills every voxel that is hidden from all six sides of the grid.

    Unlike a flood from outside, this passes no holes but those that an axis runs
    through; on the other hand it fills hollows that no axis looks into.
    """
    box = _bounding_box(grid)
    hidden = np.ones_like(grid[box])
    for axis in range(3):
        # Eight lines of voxels at once, as the bits of bytes.
        lines = np.moveaxis(grid[box], axis, 0)
        bits = np.packbits(lines, axis=2)
        behind = np.bitwise_or.accumulate(bits)
        before = np.bitwise_or.accumulate(bits[::-1])[::-1]
        between = np.unpackbits(behind & before, axis=2, count=lines.shape[2])
        hidden &= np.moveaxis(between.astype(bool), 0, axis)
    filled = np.zeros_like(grid)
    filled[box] = hidden
    return filled


def _bounding_box(grid: Bool[np.ndarray, "x y z"]) -> tuple[slice, slice, slice]:
    """Where there are set voxels; of an empty grid all of it."""
    profiles = (grid.any(axis=others) for others in ((1, 2), (0, 2), (0, 1)))
    return tuple(slice(p.argmax(), len(p) - p[::-1].argmax()) for p in profiles)


def max_pool(grid: Bool[np.ndarray, "x y z"], block: int) -> Bool[np.ndarray, "a b c"]:
    """Which block³ cubes of a grid hold any set voxel."""
    for axis in range(3):
        shape = list(grid.shape)
        shape[axis : axis + 1] = [shape[axis] // block, block]
        grid = grid.reshape(shape).any(axis=axis + 1)
    return grid


def surface_voxels(
    triangles: Float[np.ndarray, "n 3 3"], size: int
) -> Bool[np.ndarray, "x y z"]:
    """Marks the voxels that triangles pass through; voxel i spans i to i + 1.

    Exact: the separating axes of a triangle and a box (Schwarz and Seidel 2010, "Fast
    Parallel Surface and Solid Voxelization on GPUs"). Triangles are walked over in
    columns along the axis that they face most, where each column meets few voxels.
    """
    grid = np.zeros((size, size, size), bool)
    sides = triangles[:, 1:] - triangles[:, :1]
    normals = np.cross(sides[:, 0], sides[:, 1])
    facing = np.abs(normals).argmax(axis=1)
    for w in range(3):
        order = [(w + 1) % 3, (w + 2) % 3, w]
        # Triangles without area add nothing that their neighbours do not.
        chosen = (facing == w) & (normals[:, w] != 0)
        part = triangles[chosen][:, :, order]
        for some in box_chunks(*_cell_range(part[..., :2], size)):
            _mark(part[some], normals[chosen][some][:, order], grid.transpose(order))
    return grid


def _mark(triangles, normals, grid) -> None:
    """Sets the voxels of triangles (n, 3, (u, v, w)) that face w, in a view of grid."""
    size = len(grid)
    edges = {
        pair: _edges(triangles, normals, pair) for pair in ((0, 1), (1, 2), (2, 0))
    }

    low, high = _cell_range(triangles[..., :2], size)
    which, (u, v) = expand_boxes(low, high)
    keep = _overlap(edges[0, 1], which, u, v)
    which, u, v = which[keep], u[keep], v[keep]

    # The plane's height over the centre of a column, and how much it may differ in it.
    slope = normals[:, :2] / normals[:, 2:]
    base = triangles[:, 0, 2] + (slope * (triangles[:, 0, :2] - 0.5)).sum(axis=1)
    half = np.abs(slope).sum(axis=1)[which] / 2
    height = base[which] - slope[which, 0] * u - slope[which, 1] * v
    bottom = np.maximum(height - half, triangles[..., 2].min(axis=1)[which])
    top = np.minimum(height + half, triangles[..., 2].max(axis=1)[which])
    low, high = _cells_between(bottom, top, size)
    column, (w,) = expand_boxes(low[:, None], high[:, None])
    which, u, v = which[column], u[column], v[column]

    keep = _overlap(edges[1, 2], which, v, w) & _overlap(edges[2, 0], which, w, u)
    grid[u[keep], v[keep], w[keep]] = True


def _cell_range(points, size: int):
    """First and last cell (n, k) that the points (n, 3, k) of triangles span."""
    return _cells_between(points.min(axis=1), points.max(axis=1), size)


def _cells_between(low, high, size: int):
    """First and last cell of intervals; what ends on a boundary stays below it."""
    tiny = 1e-7  # the rounding of vertices that are meant to lie on a boundary
    first = np.floor(low + tiny).astype(np.int64)
    last = np.maximum(np.ceil(high - tiny).astype(np.int64) - 1, first)
    return np.clip(first, 0, size - 1), np.clip(last, 0, size - 1)


def _edges(triangles, normals, pair):
    """Half-planes (a, b, c), each (n, 3), of the triangles' projections to two axes.

    The unit cell at (p, q) reaches into a half-plane if a p + b q + c ≥ 0.
    """
    p, q = triangles[..., pair[0]], triangles[..., pair[1]]
    # The axes follow each other cyclically, so the third gives the winding.
    winding = np.sign(normals[:, 3 - sum(pair)])[:, None]
    a = -winding * (np.roll(q, -1, axis=1) - q)
    b = winding * (np.roll(p, -1, axis=1) - p)
    c = -(a * p + b * q) + np.maximum(a, 0) + np.maximum(b, 0)
    return a, b, c


def _overlap(edges, which, p, q) -> Bool[np.ndarray, " m"]:
    """Whether cells (p, q) reach into all three half-planes of their triangles."""
    keep = np.ones(len(which), bool)
    for a, b, c in zip(*(values.T for values in edges), strict=True):
        keep &= a[which] * p + b[which] * q + c[which] >= 0
    return keep
