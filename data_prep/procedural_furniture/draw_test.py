"""What is drawn is what is recorded."""

import numpy as np
import pytest

from data_prep.procedural_furniture.draw import Draw


def drawn(seed=0):
    draw = Draw(np.random.default_rng(seed))
    leg = draw.part("leg")
    values = [
        draw.number("width", 0.2, 0.3),
        leg.number("width", 0.02, 0.03),
        leg.part("foot").whole("toes", 2, 4),
        draw.choice("form", ("round", "square")),
        draw.chance("arms", 0.5),
    ]
    return draw.parameters, values


def test_values_are_recorded_under_their_names():
    parameters, values = drawn()
    names = ["width", "leg.width", "leg.foot.toes", "form", "arms"]
    assert list(parameters) == names and list(parameters.values()) == values
    assert 0.2 <= values[0] <= 0.3 and values[0] == round(values[0], 4)
    assert list(map(type, values)) == [float, float, int, str, bool]
    assert drawn()[0] == parameters != drawn(1)[0]


def test_ends_are_included_and_weights_hold():
    draw = Draw(np.random.default_rng(0))
    assert {draw.whole(f"n{i}", 1, 3) for i in range(50)} == {1, 2, 3}
    only = {draw.choice(f"c{i}", ("a", "b"), (0, 2)) for i in range(20)}
    assert only == {"b"}
    assert {draw.chance(f"p{i}", 0.5) for i in range(20)} == {True, False}


def test_a_name_is_drawn_once():
    draw = Draw(np.random.default_rng(0))
    draw.part("leg").chance("square", 0.5)
    with pytest.raises(ValueError, match=r"leg\.square is drawn twice"):
        draw.part("leg").chance("square", 0.5)
