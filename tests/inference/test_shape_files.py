"""Shapes as files: from which occupancy on."""

import numpy as np

from vaegan_jax.inference.sample import without_small_parts
from vaegan_jax.inference.shape_files import ShapeWriter
from vaegan_jax.shapes.voxel_files import read_binvox


def test_without_a_threshold_each_shape_is_filled_at_its_own(tmp_path):
    """Of a part that is as likely here as there, neither place reaches a half."""
    sure, unsure = np.zeros((2, 8, 8, 8), np.float32)
    sure[2:6, 2:6, 2:6], unsure[2:6, 2:6, 2:6] = 0.9, 0.3
    sure[6, 2:6, 2:6] = 0.3
    writer = ShapeWriter(formats=("binvox",))
    filled = writer.filled(np.stack([sure, unsure]))
    assert filled.sum((1, 2, 3)).tolist() == [64, 64]
    for name, shape in (("sure", sure), ("unsure", unsure)):
        assert writer.write(tmp_path, name, shape) is not None
        assert read_binvox(tmp_path / f"{name}.binvox").sum() == 64
    fixed = ShapeWriter(formats=("binvox",), threshold=0.4)
    assert fixed.write(tmp_path, "none", unsure) is None
    assert fixed.cut(sure) == fixed.cut(unsure) == 0.4


def test_what_comes_up_when_small_parts_are_gone_goes_too():
    """The threshold falls with the sure crumb; then one more voxel is above it."""
    shape = np.zeros((16, 16, 16), np.float32)
    shape[2:8, 2:8, 2:8], shape[12, 12, 10:14], shape[14, 2, 2] = 0.34, 1, 0.2555
    without = shape.copy()
    without[12, 12, 10:14] = 0
    writer = ShapeWriter(min_part=8)
    assert writer.cut(shape) > 0.2555 > writer.cut(without)
    for cleaned in (
        writer.clean(shape[None]),
        without_small_parts(shape[None], ShapeWriter()),
    ):
        (filled,) = writer.filled(cleaned)
        np.testing.assert_array_equal(filled, shape == np.float32(0.34))
