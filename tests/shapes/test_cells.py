import numpy as np

from vaegan_jax.shapes.cells import box_chunks, expand_boxes


def test_boxes_by_hand():
    low, high = np.array([[0, 5], [2, 2], [7, 7]]), np.array([[1, 6], [2, 1], [7, 7]])
    which, (x, y) = expand_boxes(low, high)
    cells = sorted(zip(which.tolist(), x.tolist(), y.tolist(), strict=True))
    assert cells == [(0, 0, 5), (0, 0, 6), (0, 1, 5), (0, 1, 6), (2, 7, 7)]


def test_no_boxes():
    none = np.zeros((0, 3), int)
    which, cells = expand_boxes(none, none)
    assert len(which) == 0 and [len(c) for c in cells] == [0, 0, 0]


def test_chunks_take_boxes_up_to_a_limit(monkeypatch):
    monkeypatch.setattr("vaegan_jax.shapes.cells._CELLS_AT_ONCE", 10)
    low = np.zeros((5, 1), int)
    high = np.array([[4], [4], [29], [-2], [3]])  # 5, 5, 30, no and 4 cells
    parts = [(part.start, part.stop) for part in box_chunks(low, high)]
    assert parts == [(0, 2), (2, 3), (3, 5)]
