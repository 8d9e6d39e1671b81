"""What the README.md of exported weights tells, and that nobody's own is lost."""

import dataclasses
import json
import re

import pytest

from tests.helpers import REFINER
from tests.using import make_model
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model_card import card, write_card

LOG = """\
10:00:00 step 6/9 epoch 2.0 D 1.3 reconstruction 120 IoU 0.2
10:00:01 step 6: held_out: squared_error 127.4, iou 0.1934, threshold 0.05
10:00:02 step 9: held_out: squared_error 99.1, iou 0.3, threshold 0.4
"""


@pytest.fixture(scope="module")
def model():
    return make_model("mv_vae_gan", **REFINER, **{"data.fewest_views": 1})


@pytest.fixture
def run(tmp_path):
    """The notes of a training run."""
    provenance = {"source": "mesh_folder", "input": "/home/me/secret/chairs.zip"}
    training = {"split": "train", "shapes": 1234, "sha256": "…"}
    initial = {"path": "/home/me/other", "step": 5000}
    noted = {"provenance": provenance, "training": training, "initial_model": initial}
    (tmp_path / "data.json").write_text(json.dumps(noted))
    (tmp_path / "train.log").write_text(LOG)
    return tmp_path


def test_a_card_tells_of_model_data_and_measures(model, run):
    text = card(dataclasses.replace(model, step=9), run, "apache-2.0")
    assert text.startswith("---\nlicense: apache-2.0\nlibrary_name: vaegan_jax\n")
    assert "\n# mv_vae_gan\n" in text and "grids of 8³" in text
    assert 'vaegan_jax.load("hf://USER/NAME")' in text
    for row in (
        "| views in training | 1 to 3 of each shape, 32², grey |",
        "| refiner | reads the pictures at every cell |",
        "| trained for | 9 steps of 4 shapes |",
        "| `iou` | 0.3 |",
    ):
        assert f"\n{row}\n" in text
    assert "1,234 shapes: source mesh_folder, input chairs.zip." in text
    assert "what another model had learnt in 5,000 steps" in text
    assert "/home/me" not in text


def test_what_is_measured_later_is_of_another_model(model, run):
    text = card(dataclasses.replace(model, step=7), run)
    assert "At step 6, on a tenth" in text and "| `iou` | 0.1934 |" in text
    assert "license: other\n" in text


def test_weights_do_not_tell_of_data_nor_measures(tmp_path):
    text = card(make_model("gan"), tmp_path)
    assert "do not tell what they have learnt from" in text
    assert "It has not been measured." in text
    assert "reconstruct" not in text and "Pictures" not in text


@pytest.mark.parametrize("content", ["[]", "{", '{"provenance": {}}'])
def test_damaged_notes_are_named(model, run, content):
    (run / "data.json").write_text(content)
    with pytest.raises(UserError, match=r"data\.json is damaged"):
        card(model, run)


def test_a_license_is_one_line(model, tmp_path):
    with pytest.raises(UserError, match="give it as the Hugging Face Hub writes it"):
        card(model, tmp_path, "mit\ntags: [x]")


def test_a_card_that_somebody_has_changed_is_kept(model, run):
    text = card(model, run)
    assert write_card(text, run) and (run / "README.md").read_text("utf-8") == text
    other = card(model, run, "mit")
    assert write_card(other, run)  # nobody has changed it meanwhile
    changed = re.sub("# mv_vae_gan", "# My chairs", other)
    for own in (changed, other + "More.\n", "My own.\n", ""):
        (run / "README.md").write_text(own, "utf-8")
        assert not write_card(text, run)
        assert (run / "README.md").read_text("utf-8") == own
