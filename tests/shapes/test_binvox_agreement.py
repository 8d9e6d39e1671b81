"""Agreement with grids that binvox made; docs/voxelizer.md tells what prints them."""

import zipfile

import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.voxel_files import read_binvox
from vaegan_jax.shapes.voxelize import max_pool, voxelize
from vaegan_jax.shapes.zbuffer import SHAPENET, remove_internal

# The least IoU at 32³ of surfaces and solids.
_SHAPENET = {"exact": (0.82, 0.9), "carve": (0.88, 0.98), "shapenet": (0.995, 0.995)}


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("name", ["chair_0001", "chair_0002", "chair_0059"])
def test_modelnet(real_data, name):
    mesh = trimesh.load(real_data / "off" / f"{name}.off", process=False)
    with zipfile.ZipFile(real_data / "modelnet10_chairs_binvox32.zip") as grids:
        theirs = read_binvox(grids.read(f"chair/train/{name}.binvox"))
    iou = overlap(voxelize(mesh, 32), theirs)
    print(f"\n| ModelNet {name} | surface | exact | {iou:.3f} |")
    assert iou > 0.98


@pytest.mark.parametrize("method", _SHAPENET)
@pytest.mark.parametrize("solid", [False, True], ids=["surface", "solid"])
def test_shapenet(real_data, solid, method):
    folders = sorted((real_data / "obj_with_binvox").iterdir())
    kind = "solid" if solid else "surface"
    for folder in folders:
        mesh = trimesh.load(folder / "model_normalized.obj", force="mesh")
        theirs = read_binvox(folder / f"model_normalized.{kind}.binvox")
        ours = voxelize(mesh, 128, solid, centred=False, oversample=1, method=method)
        at_128, at_32 = overlap(ours, theirs), overlap(*map(_pooled, (ours, theirs)))
        name = folder.name[:4]
        print(
            f"\n| ShapeNet {name}… | {kind} | {method} | {at_32:.3f} | {at_128:.3f} |"
        )
        assert at_32 > _SHAPENET[method][solid]
        np.testing.assert_array_equal(
            _pooled(ours), voxelize(mesh, 32, solid, centred=False, method=method)
        )
    assert len(folders) > 0


def test_shapenets_surfaces_follow_from_its_solids(real_data):
    for folder in (real_data / "obj_with_binvox").iterdir():
        surface, solid = (
            read_binvox(folder / f"model_normalized.{kind}.binvox")
            for kind in ("surface", "solid")
        )
        np.testing.assert_array_equal(remove_internal(solid, SHAPENET), surface)


def _pooled(grid):
    return max_pool(grid, 4)
