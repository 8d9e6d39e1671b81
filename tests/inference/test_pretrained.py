"""The model that comes with the repository."""

import numpy as np

import vaegan_jax
from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from vaegan_jax.shapes.render import render_views
from vaegan_jax.shapes.voxelize import voxelize


def test_it_reconstructs_chairs_that_it_has_not_seen_and_samples_others():
    model = vaegan_jax.load()
    meshes = [build_chair(sample_parameters(i, seed=0)) for i in (8, 18, 28, 38)]
    views = np.stack(
        [render_views(m, image_size=64)[[0, 4], ..., None] for m in meshes]
    )
    truth = np.stack([voxelize(m, solid=True, method="exact") for m in meshes])
    predicted = model.reconstruct(views) > 0.4
    union, common = (
        (truth | predicted).sum((1, 2, 3)),
        (truth & predicted).sum((1, 2, 3)),
    )
    assert np.mean(common / union) > 0.45
    assert model.mixture is not None
    shares = (model.sample(8) > 0.4).mean((1, 2, 3))
    assert (shares > 0.01).all() and (shares < 0.3).all()
