"""One shape in every form that files may have gives one grid."""

import itertools
import math

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from tests.shapes import binary_writers, text_writers
from vaegan_jax.shapes.mesh_files import read_mesh
from vaegan_jax.shapes.voxelize import voxelize

POLYGON_FORMS = text_writers.POLYGON_FORMS | binary_writers.POLYGON_FORMS
TRIANGLE_FORMS = text_writers.TRIANGLE_FORMS | binary_writers.TRIANGLE_FORMS
ALL_FORMS = POLYGON_FORMS | TRIANGLE_FORMS
SIDE = 24


@strategies.composite
def prisms(draw):
    """A closed mesh as polygons, mostly concave ones, and the same as triangles.

    A prism between two stars, seen from whose middles every corner is in sight: with a
    vertex there, their triangles need no thought. A second body may float above.
    """
    vertices, polygons, triangles = [], [], []
    for body in range(draw(strategies.integers(1, 2))):
        count = draw(strategies.integers(3, 9))
        radii = draw(
            strategies.lists(
                strategies.integers(20, 60), min_size=count, max_size=count
            )
        )
        lean = draw(strategies.integers(-30, 30))
        order = draw(strategies.permutations(range(3)))
        first = len(vertices)
        bottom = [
            (
                round(radius * math.cos(2 * math.pi * k / count)),
                round(radius * math.sin(2 * math.pi * k / count)),
                100 * body,
            )
            for k, radius in enumerate(radii)
        ]
        # Not quite plane: every third corner is off by one unit.
        top = [
            (x + lean, y, z + 40 + (k % 3 == 1)) for k, (x, y, z) in enumerate(bottom)
        ]
        middles = [(0, 0, 100 * body), (lean, 0, 100 * body + 40)]
        low, high = range(first, first + count), range(first + count, first + 2 * count)
        vertices += [tuple(v[i] / 64 for i in order) for v in [*bottom, *top, *middles]]
        polygons += [list(low)[::-1], list(high)]
        for k, n in itertools.pairwise([*range(count), 0]):
            polygons.append([low[k], low[n], high[n], high[k]])
            triangles += [[low[k], low[n], high[n]], [low[k], high[n], high[k]]]
            triangles.append([low[n], low[k], first + 2 * count])
            triangles.append([high[k], high[n], first + 2 * count + 1])
    return vertices, polygons, triangles


def grid(form, vertices, faces):
    suffix, write = ALL_FORMS[form]
    return voxelize(
        read_mesh(write(vertices, faces), suffix, up="z"), SIDE, oversample=1
    )


@hypothesis.settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.generate],  # making a failure smaller takes minutes
)
@hypothesis.given(prisms())
def test_every_form_gives_the_same_grid(mesh):
    vertices, polygons, triangles = mesh
    expected = grid("STL", vertices, triangles)
    for form in TRIANGLE_FORMS:
        assert (grid(form, vertices, triangles) == expected).all(), form
    of_polygons = grid("OFF", vertices, polygons)
    for form in POLYGON_FORMS:
        assert (grid(form, vertices, polygons) == of_polygons).all(), form
        assert (grid(form, vertices, triangles) == expected).all(), form
    # The stars are not quite plane, so that a voxel at their edge may differ.
    assert (of_polygons != expected).mean() < 0.01


# A U: what is between its arms must stay empty.
NOTCHED = [(0, 0), (5, 0), (5, 5), (4, 5), (4, 2), (1, 2), (1, 5), (0, 5)]


@pytest.mark.parametrize("form", ["OFF", "OBJ", "PLY of text", "PLY"])
@pytest.mark.parametrize("start", [0, 3, 5])
def test_a_notch_stays_open(form, start):
    outline = NOTCHED[start:] + NOTCHED[:start]
    vertices = [(x / 4, y / 4, z / 4) for z in (0, 1) for x, y in outline]
    low, high = [*range(8)], [*range(8, 16)]
    faces = [low[::-1], high]
    faces += [[k, (k + 1) % 8, (k + 1) % 8 + 8, k + 8] for k in range(8)]
    made = grid(form, vertices, faces)
    assert not made[8:16, 12:].any()
    assert made[:2, 12:].any() and made[22:, 12:].any()


def test_a_face_of_collinear_corners_leaves_no_crack():
    """A corner in the middle of an edge stays one, for the neighbours have it too."""
    vertices = [(0, 0, 0), (1, 0, 0), (2, 0, 0), (2, 2, 0), (1, 1, 0), (0, 2, 0)]
    vertices += [(x, y, 1) for x, y, _ in vertices]
    faces = [[*range(6)][::-1], [*range(6, 12)]]
    for k, n in itertools.pairwise([*range(6), 0]):
        faces += [[k, n, n + 6], [k, n + 6, k + 6]]
    mesh = read_mesh(text_writers.POLYGON_FORMS["OBJ"][1](vertices, faces), ".obj")
    assert mesh.is_watertight and mesh.volume == pytest.approx(3 / 8)


def test_colours_are_no_coordinates():
    vertices, faces = [(0, 0, 0), (1, 0, 0), (0, 2, 0)], [[0, 1, 2]]
    for form in ("OFF", "COFF", "STCNOFF", "4OFF", "OBJ with colours", "PLY with more"):
        suffix, write = ALL_FORMS[form]
        mesh = read_mesh(write(vertices, faces), suffix)
        np.testing.assert_array_equal(mesh.extents, [0.5, 1, 0])
