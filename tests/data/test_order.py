import numpy as np

from tests.helpers import make_examples
from vaegan_jax.data import order


def test_every_example_once_per_epoch_across_batch_boundaries():
    count, size = 10, 4
    indices = [order.batch_indices(step, size, count, seed=0) for step in range(10)]
    stream = np.concatenate(indices)
    epochs = stream.reshape(4, count)
    for epoch in epochs:
        assert sorted(epoch) == list(range(count))
    assert len({tuple(epoch) for epoch in epochs}) == 4  # shuffled anew


def test_views_come_as_they_are_stored_if_asked():
    examples = make_examples()
    stream = order.index_stream(examples, 6, 4, seed=0, start_step=3, in_order=True)
    shapes, views = next(stream)
    np.testing.assert_array_equal(views, np.zeros((6, 4)) + range(4))
    other, _ = next(order.index_stream(examples, 6, 4, seed=0, start_step=3))
    np.testing.assert_array_equal(shapes, other)  # the shapes are what they were


def test_a_batch_may_span_several_epochs():
    indices = order.batch_indices(1, 7, 3, seed=0)  # positions 7 ... 13
    counts = np.bincount(indices)
    assert counts.sum() == 7 and counts.min() >= 2 and counts.max() <= 3


def test_order_depends_on_seed_and_step_alone():
    first = order.batch_indices(5, 4, 100, seed=1)
    np.testing.assert_array_equal(first, order.batch_indices(5, 4, 100, seed=1))
    assert (first != order.batch_indices(5, 4, 100, seed=2)).any()


def test_view_subsets_are_distinct_and_reach_every_view():
    chosen = np.concatenate(
        [order.view_indices(step, 8, 12, 3, seed=0) for step in range(20)]
    )
    assert all(len(set(row)) == 3 for row in chosen)
    assert set(chosen.flatten()) == set(range(12))


def test_views_of_every_azimuth_come_at_every_place():
    """Views at one place are normalised together, in evaluation with all others."""
    chosen = np.stack([order.view_indices(step, 8, 4, 4, seed=0) for step in range(9)])
    np.testing.assert_array_equal(np.sort(chosen, -1), np.zeros_like(chosen) + range(4))
    for batch in chosen:
        assert all(len(set(place)) > 1 for place in batch.T)


def test_evaluation_counts_every_example_exactly_once():
    examples = make_examples(count=10)
    names = []
    for batch, mask in order.evaluation_batches(examples, 4):
        assert len(batch) == len(mask) == 4
        names += [name for name, valid in zip(batch.names, mask, strict=True) if valid]
    assert names == examples.names
