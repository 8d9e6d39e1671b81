"""How surfaces are lit, against levels computed by hand."""

import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.lighting import FACE_TONES, Lighting, random_lighting
from vaegan_jax.shapes.render import render_from

# Straight on from the front, a face towards it, and one that is seen aslant from above.
AHEAD = np.array([[0.0, 1.0, 0.0]] * 2)
NORMALS = np.array([[0.0, -1.0, 0.0], [0.0, -0.6, 0.8]])
NEAR = np.array([1.0, 0.0])


def test_usual_light_comes_from_the_eye_and_from_above_through_haze():
    levels = Lighting().levels(NORMALS, AHEAD, NEAR)
    lit = np.array([0.6 * 1.0, (0.6 * 0.6 + 0.4 * 0.8) * 0.55])
    np.testing.assert_allclose(levels, 20 + 205 * lit)


@pytest.mark.parametrize("winding", [1, -1])
def test_a_lamp_aside_lights_the_side_that_is_seen(winding):
    lamp = Lighting(eye=0.0, side=1.0, azimuth=90.0, elevation=0.0, haze=0.0)
    right = np.array([[0.8, -0.6, 0.0], [-0.8, -0.6, 0.0]])  # towards it, and away
    levels = lamp.levels(winding * right, AHEAD, NEAR)
    np.testing.assert_allclose(levels, 20 + 205 * np.array([0.8, 0.0]), atol=1e-9)


def test_light_from_everywhere_and_tones():
    soft = Lighting(eye=1.0, ambient=0.5, haze=0.0)
    levels = soft.levels(NORMALS, AHEAD, NEAR, np.array([1.0, 0.5]))
    expected = np.array([1.0, (0.5 + 0.5 * 0.6) * 0.5])
    np.testing.assert_allclose(levels, 20 + 205 * expected)


def test_random_light_is_possible_and_differs():
    lights = [random_lighting(np.random.default_rng(seed)) for seed in range(50)]
    assert len(set(lights)) == 50
    for light in lights:
        levels = light.levels(NORMALS, AHEAD, NEAR)
        assert ((levels >= 20) & (levels <= 225)).all()


def test_darker_faces_are_drawn_darker_and_nothing_else_changes():
    box = trimesh.creation.box()
    usual = render_from(box, [ViewCamera()], 32)
    box.face_attributes[FACE_TONES] = np.full(len(box.faces), 0.5)
    dark = render_from(box, [ViewCamera()], 32)
    assert ((dark == 255) == (usual == 255)).all()
    inside = usual < 226
    assert (dark[inside] < usual[inside]).all()
