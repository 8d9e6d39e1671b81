"""The README.md of exported weights: what they are, which the Hugging Face Hub shows.

Its header is that of https://huggingface.co/docs/hub/model-cards.
"""

import hashlib
import importlib.metadata
import json
import os
import pathlib
import re
from typing import Any

import vaegan_jax
from vaegan_jax.config.reference import views_of_training
from vaegan_jax.data.provenance import describe
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.model_folders import model_folder

_FILE = "README.md"
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_NAMES = {
    "gan": "A 3D-GAN, which makes shapes of random numbers",
    "vae_gan": "A 3D-VAE-GAN, which makes shapes of one picture, or of random numbers",
    "mv_vae_gan": "An MV-3D-VAE-GAN, which makes shapes of one or more pictures, or of "
    "random numbers",
}
# A line of train.log: what was measured at a step on the shapes to choose on.
_MEASURED = re.compile(r"\S+ step (\d+): (held_out|validation): (.+)")
# The last line, by which a card that nobody has changed is known.
_SEAL = "<!-- by scripts/export.py, sha256 {} -->\n"


def card(
    model: Model, workdir: str | pathlib.Path | None, license: str | None = None
) -> str:
    """The card of a model, in Markdown.

    Args:
      model: that is given away.
      workdir: where it is from, as `model_folder` takes it. If that is of a training
        run, the card tells of the data and of the last measures. Of paths in there it
        names the last part alone.
      license: of the weights, as the Hub writes it: `apache-2.0`; default `other`.

    Raises:
      UserError: the licence is no such name, or `data.json` is damaged.
    """
    if license is not None and not _LICENSE.fullmatch(license):
        raise UserError(
            f"the license is {license!r}; give it as the Hugging Face Hub writes it, "
            "apache-2.0 for instance"
        )
    folder = model_folder(workdir)
    sections = (
        _header(model, license),
        f"# {model.config.name}\n\n{_introduction(model)}",
        f"## To use it\n\n{_usage(model)}",
        f"## What it is\n\n{_table(model)}",
        f"## What it has learnt from\n\n{_data(folder)}",
        f"## How good it is\n\n{_measures(folder, model.step)}",
        f"## What it cannot do\n\n{_limits(model)}",
    )
    text = "\n\n".join(sections) + "\n\n"
    return text + _SEAL.format(_digest(text))


def write_card(text: str, output: str | pathlib.Path) -> bool:
    """Writes `README.md`, unless there is one that is none of ours or was changed.

    Returns:
      Whether it was written.
    """
    path = pathlib.Path(output) / _FILE
    if path.exists():
        before = path.read_text("utf-8", errors="replace")
        body, seal = before[: before.rfind("<!--")], before[before.rfind("<!--") :]
        if seal != _SEAL.format(_digest(body)):
            return False
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, path)
    return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _header(model: Model, license: str | None) -> str:
    lines = [f"license: {license or 'other'}", "library_name: vaegan_jax"]
    if model.networks.encoder is not None:
        lines.append("pipeline_tag: image-to-3d")
    return "\n".join(["---", *lines, "tags: [jax, flax, 3d, voxels]", "---"])


def _introduction(model: Model) -> str:
    side = model.config.model.resolution
    return (
        f"{_NAMES[model.config.algorithm]}: grids of {side}³ occupancy "
        f"probabilities. Its weights are for `vaegan_jax` {vaegan_jax.__version__} or "
        "later; they are arrays and JSON, nothing in them is run."
    )


def _usage(model: Model) -> str:
    lines = [
        "import vaegan_jax",
        "",
        'model = vaegan_jax.load("hf://USER/NAME")  # or this folder',
        "shapes = model.sample(16)",
    ]
    if model.networks.encoder is not None:
        lines.append('shapes = model.reconstruct([["front.png", "side.jpg"]])')
    return "\n".join(["```python", *lines, "```"])


def _table(model: Model) -> str:
    config = model.config
    rows = {
        "algorithm": config.algorithm,
        "configuration": config.name,
        "grid": f"{config.model.resolution}³, z up, front towards −y",
        "latent": f"{config.model.latent_size} numbers",
        "trained for": f"{model.step:,} steps of {config.train.batch_size} shapes",
    }
    if model.networks.encoder is not None:
        most, fewest = views_of_training(config), config.data.fewest_views
        count = f"{fewest} to {most}" if 0 < fewest < most else str(most)
        size, channels = config.model.image_size, config.model.image_channels
        kind = "grey" if channels == 1 else "colour"
        rows["views in training"] = f"{count} of each shape, {size}², {kind}"
        if seen := config.model.encoder_image_size:
            rows["views in training"] += f"; of these E sees {seen}²"
        rows["pooling"] = config.model.pooling
        rows["cameras"] = _cameras(model)
        refines = model.networks.refiner is not None
        rows["refiner"] = "reads the pictures at every cell" if refines else "none"
    versions = [f"{n} {importlib.metadata.version(n)}" for n in ("jax", "flax")]
    rows["written with"] = ", ".join(
        [f"vaegan_jax {vaegan_jax.__version__}", *versions]
    )
    return _rows(rows)


def _cameras(model: Model) -> str:
    if not model.networks.encoder.azimuths:
        return "need not be told; outlines alone tell of them"
    told = "azimuths" if model.networks.encoder.azimuth_heads else "all of them"
    return f"need not be told; the encoder tells {told}"


def _data(folder: pathlib.Path) -> str:
    path = folder / "data.json"
    if not path.exists():
        return "These weights do not tell what they have learnt from."
    try:
        noted = json.loads(path.read_text("utf-8"))
        facts, shapes = noted["provenance"], noted["training"]["shapes"]
        text = f"{shapes:,} shapes: {describe(_shortened(facts))}."
        if "initial_model" in noted:
            steps = noted["initial_model"]["step"]
            text += f" It began with what another model had learnt in {steps:,} steps."
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged; restore it") from error
    return text


def _shortened(fact: Any) -> Any:
    """Without the folders of paths, which tell of the machine that trained."""
    if isinstance(fact, dict):
        return {name: _shortened(value) for name, value in fact.items()}
    if isinstance(fact, list):
        return [_shortened(value) for value in fact]
    if isinstance(fact, str) and os.path.isabs(fact):
        return os.path.basename(fact)
    return fact


def _measures(folder: pathlib.Path, step: int) -> str:
    path, found = folder / "train.log", None
    if path.exists():
        lines = path.read_text("utf-8", errors="replace").splitlines()
        measured = [m for line in lines if (m := _MEASURED.fullmatch(line))]
        found = next((m for m in reversed(measured) if int(m[1]) <= step), None)
    if found is None:
        return "It has not been measured."
    shapes = "shapes that it has not learnt from"
    if found[2] == "held_out":
        shapes = "a tenth of the training shapes, which it has not learnt from"
    values = (part.rpartition(" ")[::2] for part in found[3].split(", "))
    return (
        f"At step {int(found[1]):,}, on {shapes}, on which the threshold was chosen, "
        "from as many views as in training:\n\n"
        + _rows({f"`{name}`": value for name, value in values})
    )


def _rows(values: dict[str, str]) -> str:
    """A table of two columns."""
    lines = [f"| {name} | {value} |" for name, value in values.items()]
    return "\n".join(["| | |", "| --- | --- |", *lines])


def _limits(model: Model) -> str:
    side = model.config.model.resolution
    text = (
        f"A shape is {side} cells long: what is thinner than one comes out thick, or "
        "not at all. It knows shapes like those that it has learnt from, "
        "and makes others into such. Its shapes have no colours."
    )
    if model.networks.encoder is not None:
        text += (
            " Pictures show one whole object on a plain background. What none of them "
            "shows is guessed."
        )
    return text
