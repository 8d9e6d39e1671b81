import numpy as np
from PIL import Image

from data_prep.procedural_furniture import example_pictures
from vaegan_jax.pretrained import example_pictures as shipped


def test_the_pictures_that_come_with_the_library_are_these(tmp_path):
    made = {path.name: path for path in example_pictures.write(tmp_path)}
    pieces = shipped()
    assert {piece: len(paths) for piece, paths in pieces.items()} == {
        **{"bed": 1, "chair": 3, "sofa": 1, "table": 1},
    }
    for path in (path for paths in pieces.values() for path in paths):
        ours, theirs = (np.asarray(Image.open(x)) for x in (path, made.pop(path.name)))
        assert ours.shape == (224, 224) and ours.dtype == np.uint8
        # Another ray caster may differ at edges.
        assert np.abs(ours.astype(int) - theirs).mean() < 0.5
    assert made == {}


def test_no_data_set_of_the_usual_seed_has_these_pieces():
    assert example_pictures.SEED != 0
