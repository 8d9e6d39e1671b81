"""Outlines tell where the object was in the views of training."""

import dataclasses

import numpy as np
import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.pictures.fitting import fit_and_tell, fit_picture
from vaegan_jax.shapes.pictures.framing import (
    Framing,
    fit_framing,
    load_framing,
    usual_framing,
)

SIZE = 64


def rectangle(height, width, row, column, size=SIZE):
    """A dark rectangle around a place, on white."""
    view = np.full((size, size), 255, np.uint8)
    top, left = round(row - height / 2), round(column - width / 2)
    view[top : top + height, left : left + width] = 60
    return view


def views_of_training(count=60):
    """Tall objects are large and low, broad ones small and high."""
    rng = np.random.default_rng(0)
    heights = rng.integers(8, 21, count) * 2
    views = [rectangle(h, 52 - h, 20 + h // 2, 30) for h in heights]
    return np.stack(views)[:, None, ..., None]


def test_objects_moved_and_scaled_return_to_where_training_had_them():
    framing, views = fit_framing(views_of_training()), views_of_training(5)[:, 0]
    for view in views:
        twice = view[..., 0].repeat(2, 0).repeat(2, 1)
        sheet = np.full((300, 400), 255, np.uint8)
        sheet[150 : 150 + 2 * SIZE, 33 : 33 + 2 * SIZE] = twice
        fitted = fit_picture(sheet, SIZE, framing=framing)
        assert (np.abs(np.int32(fitted) - view) > 60).mean() < 0.05
        usual = fit_picture(sheet, SIZE)
        assert (np.abs(np.int32(usual) - view) > 60).mean() > 0.1


def test_a_view_of_training_stays_as_it_is():
    views = views_of_training()
    framing = fit_framing(views)
    for view in views[:10, 0]:
        np.testing.assert_array_equal(fit_picture(view, SIZE, framing=framing), view)


def test_a_shifted_view_returns_though_such_places_occur_in_training():
    views = views_of_training()
    framing = fit_framing(views)
    low = framing.low[1] * SIZE
    moved = 0
    for view in views[:20, 0, ..., 0]:
        rows = np.nonzero((view < 255).any(1))[0]
        if (rows[0] + rows[-1] + 1) / 2 - 3 < low + 1:
            continue  # it would leave the range of training
        shifted = np.roll(view, -3, axis=0)
        fitted = fit_picture(shifted, SIZE, framing=framing)[..., 0]
        assert (np.abs(np.int32(fitted) - view) > 60).mean() < 0.02
        moved += 1
    assert moved > 5


def test_where_the_outline_does_not_tell_both_framings_are_kept():
    views = views_of_training()
    framing = fit_framing(views)
    # Views of training lie about where they are expected, but not exactly there.
    framing = dataclasses.replace(framing, spread=np.array([0.02, 0.012, 0.012]))
    lowest = max(views[:, 0, ..., 0], key=lambda v: np.argwhere(v < 255).mean(0)[0])
    kinds = []
    for shift in np.linspace(0, 4, 17):  # of 64 pixels, in which a deviation is 0.77
        large = np.roll(lowest.repeat(4, 0).repeat(4, 1), -round(4 * shift), axis=0)
        fitted = fit_and_tell(large, SIZE, framing=framing)
        other = fitted.otherwise
        kinds.append((fitted.moved, other and other.moved))
        assert other is None or (other.view != fitted.view).any()
    sure, near, doubtful, moved = (
        (False, None),
        (False, True),
        (True, False),
        (True, None),
    )
    assert kinds[0] == sure and kinds[-1] == moved
    assert kinds == sorted(kinds, key=[sure, near, doubtful, moved].index)
    assert {near, doubtful} & set(kinds)


def test_unusual_outlines_get_a_framing_that_occurs_in_training():
    framing = fit_framing(views_of_training())
    needle = np.zeros((300, 200), bool)
    needle[10:290, 100:102] = True
    ((top, left, side),) = framing.windows(needle)
    diagonal = np.hypot(280, 2) / side
    assert diagonal <= framing.high[0] + 1e-9 and side >= 280
    assert framing.low[1] <= (150 - top) / side <= framing.high[1]
    assert framing.low[2] <= (101 - left) / side <= framing.high[2]


def test_views_without_an_object_tell_nothing():
    blank = np.full((2, 3, SIZE, SIZE, 1), 255, np.uint8)
    np.testing.assert_array_equal(fit_framing(blank).weights, usual_framing().weights)


def test_a_framing_is_kept_in_the_work_directory(tmp_path):
    assert (load_framing(tmp_path).weights == usual_framing().weights).all()
    framing = fit_framing(views_of_training())
    framing.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["framing.npz"]
    read = load_framing(tmp_path)
    assert isinstance(read, Framing)
    np.testing.assert_array_equal(read.weights, framing.weights)
    (tmp_path / "framing.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"framing.npz is damaged; delete it"):
        load_framing(tmp_path)


def test_a_framing_without_spread_takes_all_that_occurs(tmp_path):
    views = views_of_training()
    fields = dataclasses.asdict(fit_framing(views))
    del fields["spread"]
    np.savez(tmp_path / "framing.npz", **fields)
    framing = load_framing(tmp_path)
    shifted = np.roll(views[0, 0], -3, axis=0)
    np.testing.assert_array_equal(fit_picture(shifted, SIZE, framing=framing), shifted)


@pytest.mark.parametrize(
    "change",
    [
        {"weights": np.zeros((5, 3))},
        {"weights": np.full((260, 3), np.nan)},
        {"low": np.zeros(2)},
        {"low": np.array(["a", "b", "c"])},
        {"high": np.full(3, -1.0)},
        {"spread": np.full(3, -1.0)},
        {"unknown": np.zeros(10**7)},  # 80 MB from a file of 78 kB
    ],
)
def test_impossible_framings_are_refused(tmp_path, change):
    fields = dataclasses.asdict(fit_framing(views_of_training())) | change
    np.savez_compressed(tmp_path / "framing.npz", **fields)
    with pytest.raises(UserError, match=r"framing.npz is damaged; delete it"):
        load_framing(tmp_path)


def test_a_framing_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    fit_framing(views_of_training()).save(tmp_path)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "framing.npz")

    monkeypatch.setattr(np, "load", refuse)
    with pytest.raises(PermissionError):
        load_framing(tmp_path)
