"""Geometry without JAX or TensorFlow.

Axes are (x, y, z) everywhere, z up, the front of a shape towards −y; images are grey
uint8 on white (255).

    cameras.py       where views are taken from
    first_hits.py    which triangle each pixel sees
    render.py        meshes → view images
    voxelize.py      meshes → voxel grids, in binvox's frame
    zbuffer.py       binvox's way to a solid
    rasterize.py     which pixels triangles and lines cover
    cells.py         lists of cells, for those above
    ignored.py       files that are no data
    mesh_files.py    files → meshes
    mesh_formats/    what each kind of them may hold
    foreign.py       files that are of another kind than their names say
    orientation.py   their axes → ours
    meshes.py        voxel grids → meshes, and .glb files
    voxel_files.py   binvox files
    grids.py         what voxel grids may hold
    pictures.py      pictures of voxel grids, for people
    animations.py    the same, turning
    gallery.py       a page on which meshes turn
    picture_sets.py  whose pictures lie in folders
    picture_files.py people's pictures → eight bits
    backgrounds.py   of what colour their background is
    sheets.py        a sheet in them that shows the object
    cut_out.py       their object, on white
    framing.py       its size and place in training
    view_files.py    people's pictures → view images
    given_views.py   pictures and arrays that a model is handed
    directions.py    from where a shape was seen
    silhouettes.py   whether voxels face as their views show
"""

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.mesh_files import MESH_SUFFIXES, read_mesh
from vaegan_jax.shapes.meshes import boxes_mesh, voxels_to_mesh, write_glb
from vaegan_jax.shapes.pictures import (
    draw_contact_sheet,
    draw_reconstructions,
    draw_shapes,
    draw_voxels,
)
from vaegan_jax.shapes.render import render_from, render_views
from vaegan_jax.shapes.voxel_files import encode_binvox, read_binvox, write_binvox
from vaegan_jax.shapes.voxelize import voxelize

__all__ = [
    "MESH_SUFFIXES",
    "Camera",
    "boxes_mesh",
    "draw_contact_sheet",
    "draw_reconstructions",
    "draw_shapes",
    "draw_voxels",
    "encode_binvox",
    "read_binvox",
    "read_mesh",
    "render_from",
    "render_views",
    "voxelize",
    "voxels_to_mesh",
    "write_binvox",
    "write_glb",
]
