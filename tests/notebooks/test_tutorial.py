"""The tutorial runs, and what it shows is what its cells gave."""

import base64
import io
import json
import shlex

import pytest
from PIL import Image

from tests.helpers import make_examples, write_packed
from tests.notebooks import execute as command
from tests.notebooks.execute import TUTORIAL, execute, failures, fingerprint

_RENEW = "python -m tests.notebooks.execute writes it anew"
_SHOWS = ("row(", "draw(", "show(")  # what a cell ends with that gives a picture
# Small enough to compile soon.
_TINY = (
    *("--config.train.num_steps=2", "--config.train.batch_size=4"),
    *("--config.model.convolution=plain", "--config.model.latent_size=8"),
    *("--config.model.encoder_widths=(2,2,2)", "--config.model.pooling=mean"),
    "--config.model.generator_widths=(4,4,4,2)",
    "--config.model.discriminator_widths=(2,2,2,4)",
)


def codes(notebook) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def pictures(cell) -> list[Image.Image]:
    found = [output.get("data", {}).get("image/png") for output in cell["outputs"]]
    return [Image.open(io.BytesIO(base64.b64decode(x))) for x in found if x]


def is_whole(notebook) -> None:
    """Every cell gave what it should, and none failed."""
    for number, cell in enumerate(codes(notebook), 1):
        source = "".join(cell["source"])
        assert cell["execution_count"] == number
        assert all(x["output_type"] != "error" for x in cell["outputs"])
        text = "".join("".join(x.get("text", "")) for x in cell["outputs"])
        assert not failures(cell) and "\r" not in text, text
        if source.splitlines()[-1].startswith(_SHOWS):
            assert len(pictures(cell)) == 1, source
            assert pictures(cell)[0].width <= 800
        elif "vaegan " in source or "print(" in source:
            assert text, source


@pytest.fixture(scope="module")
def written():
    return json.loads(TUTORIAL.read_text("utf-8"))


def test_what_it_shows_is_of_its_cells(written):
    assert written["metadata"]["vaegan_jax"]["executed"] == fingerprint(written), _RENEW
    is_whole(written)


def test_it_is_small_and_of_no_machine():
    text = TUTORIAL.read_text("utf-8")
    assert len(text) < 600_000
    assert "/tmp/" not in text and "site-packages" not in text


def test_a_command_that_failed_is_noticed():
    for text in ("made\nerror: no such field", ["a\n", "Traceback (most recent"]):
        assert failures({"outputs": [{"output_type": "stream", "text": text}]})
    squared = {"output_type": "stream", "text": "squared error: 700, no error: none"}
    assert not failures({"outputs": [squared, {"output_type": "display_data"}]})


@pytest.mark.parametrize("flags, status", [(["--help"], 0), (["--config"], 1)])
def test_other_flags_than_of_training_execute_nothing(
    flags, status, monkeypatch, capsys
):
    monkeypatch.setattr(command, "execute", None)
    assert command.main(flags) == status
    assert "python -m tests.notebooks.execute" in capsys.readouterr().out


@pytest.mark.slow
def test_it_runs(tmp_path):
    for name in ("nbclient", "nbformat", "ipykernel"):
        pytest.importorskip(name, reason="pip install -e '.[notebook]'")
    data = tmp_path / "small.npz"
    examples = make_examples(count=16, num_views=12, image_size=64, resolution=32)
    write_packed(data, examples, splits=("train", "validation"))
    made = execute(tmp_path, shlex.join([f"--config.data.dir={data}", *_TINY]))
    is_whole(made)
    assert (tmp_path / "chair.glb").stat().st_size > 10_000
