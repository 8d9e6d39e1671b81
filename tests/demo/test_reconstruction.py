"""What the page makes of pictures; needs no browser."""

import numpy as np
import pytest
from PIL import Image

from tests.helpers import REFINER
from tests.using import make_model, make_picture
from vaegan_jax.demo.reconstruction import (
    added,
    corrected,
    example_files,
    reconstruct,
    with_example,
)
from vaegan_jax.errors import UserError


@pytest.fixture(scope="module")
def model():
    return make_model("mv_vae_gan", **REFINER)


@pytest.fixture
def pictures(tmp_path):
    return [str(make_picture(tmp_path / f"{i}.png", i)) for i in range(2)]


def test_shapes_are_those_of_the_library(model, pictures):
    made = added(model, None, pictures)
    refined = model.reconstruct([pictures])[0]
    alone = model.decode(model.encode(model.fit_views(pictures)[None]))[0]
    np.testing.assert_allclose(made.made.shape, refined, atol=1e-6)
    np.testing.assert_allclose(made.made.of_generator, alone, atol=1e-6)
    assert made.name == "2 pictures"


def test_pictures_are_added_and_removed(model, pictures):
    one = added(model, None, pictures[:1])
    assert one.name == "1 picture" and one.files == pictures[:1]
    one = corrected(model, one, camera_card(0, "10", "20"))
    two = added(model, one, pictures[1:])
    assert two.files == pictures
    np.testing.assert_array_equal(np.isnan(two.known).all(1), [False, True])
    remove = {"index": "0", "count": "2", "action": "remove"}
    left = corrected(model, two, remove)
    assert left.files == pictures[1:] and np.isnan(left.known).all()
    assert corrected(model, left, remove) is left  # of a click that came twice
    assert corrected(model, left, remove | {"count": "1"}) is None
    assert corrected(model, None, remove) is None
    assert added(model, None, []) is None


def camera_card(index, azimuth, elevation, of=1):
    """What a page tells of a card is text."""
    angles = {"azimuth": azimuth, "elevation": elevation}
    return {"index": str(index), "count": str(of), "action": "camera", **angles}


def test_a_camera_is_given_and_estimated_again(model, pictures):
    before = added(model, None, pictures)
    given = corrected(model, before, camera_card(1, "123", "-5", of=2))
    found = given.made.cameras[1]
    numbers = found.camera.azimuth_degrees, found.camera.elevation_degrees
    assert numbers == (123, -5) and found.other is None
    known = np.full((2, 4), np.nan)
    known[1] = found.camera.numbers
    expected = model.reconstruct_fitted(model.fit(pictures), known).shape
    np.testing.assert_allclose(given.made.shape, expected, atol=1e-6)
    again = corrected(model, given, {"index": "1", "count": "2", "action": "estimate"})
    np.testing.assert_array_equal(again.made.shape, before.made.shape)


@pytest.mark.parametrize(
    "azimuth, elevation, message",
    [
        ("", "5", "give both"),
        ("5", "90", "between −90 and 90"),
        ("inf", "5", "give a number"),
        ("5", "nan", "between −90 and 90"),
    ],
)
def test_impossible_cameras_are_refused(model, pictures, azimuth, elevation, message):
    before = added(model, None, pictures[:1])
    with pytest.raises(UserError, match=message):
        corrected(model, before, camera_card(0, azimuth, elevation))


def test_pictures_have_limits_and_messages_no_folders(model, tmp_path):
    with pytest.raises(UserError, match="13 pictures are too many; give 12"):
        reconstruct(model, ["a.png"] * 13, np.full((13, 4), np.nan))
    (tmp_path / "broken.png").write_text("no picture")
    with pytest.raises(UserError, match=r"^broken\.png cannot be read as a picture"):
        added(model, None, [str(tmp_path / "broken.png")])


def test_of_pictures_little_is_kept(model, tmp_path):
    path = make_picture(tmp_path / "large.png")
    Image.open(path).resize((1024, 512)).save(path)
    made = added(model, None, [str(path)])
    assert [(one.given.size, one.otherwise) for one in made.fitted] == [
        ((192, 96), None),
    ]
    path.unlink()  # as the server does with old uploads
    with pytest.raises(UserError, match="kept for 60 minutes; load the page again"):
        corrected(model, made, camera_card(0, "10", "20"))


def test_an_end_of_pictures_is_the_generators_shape(model, pictures):
    made = added(model, None, pictures)
    latent = made.latent(model)
    assert not latent.sampled
    shape = model.decode(latent.numbers[None])[0]
    np.testing.assert_allclose(shape, made.made.of_generator, atol=1e-5)


def test_examples_are_the_png_files_of_a_folder(tmp_path):
    for name in ("b.png", "a.png", "README.md"):
        (tmp_path / name).touch()
    assert example_files(tmp_path) == [str(tmp_path / n) for n in ("a.png", "b.png")]
    assert example_files(tmp_path / "missing") == [] == example_files(None)


def test_examples_of_one_object_are_taken_together(model, tmp_path):
    names = ("chair_1.png", "chair_12.png", "table_1.png")
    first, second, other = (
        str(make_picture(tmp_path / name, i)) for i, name in enumerate(names)
    )
    one = with_example(model, None, first)
    assert one.files == [first]
    both = with_example(model, one, second)
    assert both.files == [first, second]
    np.testing.assert_allclose(
        both.made.shape, model.reconstruct([[first, second]])[0], atol=1e-6
    )
    # Another object, and one that is there already, begin anew.
    assert with_example(model, both, other).files == [other]
    assert with_example(model, both, first).files == [first]
    # So does an example after a picture of the visitor's that is called like it.
    (tmp_path / "given").mkdir()
    given = added(model, None, [str(make_picture(tmp_path / "given" / "chair_2.png"))])
    assert with_example(model, given, first).files == [first]
