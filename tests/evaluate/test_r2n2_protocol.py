"""The protocol of the field, against loops by hand and through the command."""

import dataclasses
import json

import numpy as np
import pytest

from tests.helpers import make_examples, untrained, write_packed
from tests.preloaded import run
from tests.using import make_workdir
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate.r2n2_protocol import (
    ALL,
    THRESHOLDS,
    ProtocolRow,
    evaluate_protocol,
    format_protocol,
    measure_protocol,
)
from vaegan_jax.evaluate.subject import Options
from vaegan_jax.inference.model import Model


class Spread(Model):
    """Probabilities of all kinds, which follow from the latents."""

    def decode(self, latents):
        weights = np.random.default_rng(0).normal(size=(latents.shape[1], 8**3))
        logits = latents @ weights
        made = 1 / (1 + np.exp(-3 * logits / np.abs(logits).max()))
        return made.reshape(-1, 8, 8, 8).astype(np.float32)


def test_the_first_views_are_given_and_means_are_over_shapes():
    model = Spread(**vars(untrained("mv_vae_gan")))
    examples = dataclasses.replace(
        make_examples(5, num_views=4), categories=["a", "b", "a", "a", "b"]
    )
    rows = measure_protocol(model, examples, threshold=0.45)
    assert [row.views for row in rows] == [1, 2, 3, 4]
    for row in rows:
        made = model.decode(model.encode(examples.views[:, : row.views]))
        assert len(set(row.iou[ALL])) > 2  # thresholds differ
        for name, places in ((ALL, range(5)), ("a", (0, 2, 3)), ("b", (1, 4))):
            for place, cut in enumerate((*THRESHOLDS, 0.45)):
                each = [iou(made[i], examples.voxels[i], cut) for i in places]
                found = [*row.iou[name], row.chosen[name]][place]
                assert found == pytest.approx(np.mean(each), abs=5e-3)


def iou(probabilities, truth, cut):
    filled, truth = probabilities > cut, truth > 0
    return (filled & truth).sum() / max(1, (filled | truth).sum())


ABOUT = {
    "workdir": "runs/ours",
    "algorithm": "mv_vae_gan",
    "step": 7,
    "data": "data",
    "split": "test",
    "shapes": 2,
    "stored_views": 24,
    "image_size": 64,
    "image_channels": 1,
    "threshold": 0.35,
    "threshold_shapes": 78,
    "threshold_chosen_on": "held_out",
    "optimistic": False,
    "in_training": 0,
}


def test_the_report_puts_ours_beside_what_was_published():
    rows = [
        ProtocolRow(
            n,
            {
                ALL: [0.1, 0.5, 0.2, 0.3],
                "chair": [0.6, 0.1, 0.0, 0.0],
                "car": [0.0, 0.0, 0.0, 1.0],
            },
            {ALL: 0.4, "chair": 0.4, "car": 0.4},
        )
        for n in (1, 5)
    ]
    assert rows[0].best() == (0.5, 0.3)
    assert rows[0].at_best("chair") == 0.1 and rows[0].at_best("car") == 0
    text = format_protocol(rows, ABOUT)
    for line in (
        "| 1 | 0.100 | 0.500 | 0.200 | 0.300 | 0.500 (at 0.3) | 0.400 |",
        "| chair | 0.100 | 0.100 |",
        "| all | 0.500 | 0.500 |",
        "| **runs/ours** | 0.500 | 0.500 |",
        "| 3D-R2N2 | 0.560 | 0.634 |",
        "| LRGT+ | 0.585 | 0.772 |",
        "is at 0.35, chosen on the held-out training shapes (78 shapes).",
    ):
        assert line in text, line


def test_the_command_writes_a_report(tmp_path):
    workdir = make_workdir(tmp_path / "run", "mv_vae_gan")
    data, splits = tmp_path / "data.npz", ("train", "validation", "test")
    write_packed(data, make_examples(6, num_views=24), splits)
    arguments = (
        *("scripts/evaluate.py", f"--workdir={workdir}", f"--data_dir={data}"),
        *("--protocol=r2n2", "--split=test", f"--json={tmp_path / 'numbers.json'}"),
    )
    made = run(*arguments)
    assert made.returncode == 0, made.stderr
    numbers = json.loads((tmp_path / "run/evaluation/r2n2.json").read_text())
    assert numbers == json.loads((tmp_path / "numbers.json").read_text())
    assert numbers["about"]["optimistic"]  # the splits are the same here
    assert [row["views"] for row in numbers["rows"]] == [1, 2, 3, 4, 5, 8, 12, 16, 20]
    assert "Beside published numbers" in made.stdout
    refused = run(*arguments, "--labels=category")
    assert refused.returncode == 1 and "takes one --workdir" in refused.stderr
    plain = make_workdir(tmp_path / "gan", "gan")
    with pytest.raises(UserError, match="has no encoder"):
        evaluate_protocol(plain, Options(data_dir=str(data)))
