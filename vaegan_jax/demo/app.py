"""A local web page to try a model on: sample, reconstruct, interpolate (Gradio)."""

import functools
import html
import os
import pathlib
import socket
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
import gradio as gr

from vaegan_jax.demo.camera_table import camera_table
from vaegan_jax.demo.downloads import KEPT_SECONDS, new_folder
from vaegan_jax.errors import UserError
from vaegan_jax.inference.interpolate import decoder, way_between
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.shape_files import ShapeWriter
from vaegan_jax.shapes.drawing import GENERATOR_ALONE, REFINED
from vaegan_jax.shapes.gallery import gallery_page
from vaegan_jax.shapes.pictures.fitting import FittedPicture

# Shapes of the same pictures, and what they are called, by what there is to choose.
Made = dict[str, tuple[Float[np.ndarray, "x y z"], str]]
Number = int | float  # a browser does not tell them apart
MAX_PICTURES = 12
_MAX_UPLOAD = "10mb"
_WAITING = 16  # requests; more are turned away
_WRITER = ShapeWriter(formats=("glb", "stl", "obj"), min_part=4)


def build(model: Model) -> gr.Blocks:
    """The page; tabs that need an encoder are left out for a plain 3D-GAN."""
    title = f"{model.config.name} at step {model.step}"
    with gr.Blocks(title=title, delete_cache=(KEPT_SECONDS, KEPT_SECONDS)) as page:
        gr.Markdown(f"# {title}")
        with gr.Tab("Sample"):
            seed, truncation = _seed("Seed"), _truncation()
            _connect(functools.partial(sample, model), [seed, truncation], "Sample")
        if model.networks.encoder is not None:
            with gr.Tab("Reconstruct"):
                _reconstruct_tab(model)
        with gr.Tab("Interpolate"):
            inputs = [gr.Slider(0, 1, 0.5, label="Share of the way")]
            with gr.Row():
                inputs += [_seed("From seed"), _seed("To seed", 1)]
            if model.networks.encoder is not None:
                with gr.Row():
                    inputs += [_pictures("Or from pictures"), _pictures("to pictures")]
            _connect(functools.partial(interpolate, model), inputs, "Interpolate")
    return page.queue(max_size=_WAITING, default_concurrency_limit=1)


def launch(model: Model, host: str, port: int) -> None:
    """Serves the page until interrupted.

    Raises:
      UserError: the host is none of this machine's, or the port is taken.
    """
    try:
        family, *_, place = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(place)
    except OSError as error:
        raise UserError(
            f"the page cannot be at {host}, port {port} ({error.strerror}); choose "
            "another --host or --port"
        ) from error
    build(model).launch(server_name=host, server_port=port, max_file_size=_MAX_UPLOAD)


def sample(
    model: Model, seed: Number | None, truncation: Number
) -> tuple[str, list[str]]:
    """A new shape."""
    latents = model.draw_latents(1, _whole(seed), float(truncation))
    return _shown(model.generate(latents)[0], f"seed {_whole(seed)}")


def reconstruct(
    model: Model, pictures: Sequence[str] | None, choice: str = REFINED
) -> tuple[str, list[str], str, Made]:
    """The shape that the uploaded pictures show; nothing without pictures.

    Args:
      model: with an encoder.
      pictures: files.
      choice: which shape of a model with a refiner.

    Returns:
      What `choose` returns of what was made; a table of cameras; and what was made.
    """
    if not pictures:
        return "", [], "", {}
    fitted = _fitted(model, pictures)
    unknown = np.full((len(fitted), 4), np.nan)
    found = model.reconstruct_fitted(fitted, unknown)
    name = f"from {len(pictures)} picture(s)"
    made = {REFINED: (found.shape, name)}
    if found.of_generator is not None:
        made[GENERATOR_ALONE] = found.of_generator, f"{name}, {GENERATOR_ALONE}"
    table = camera_table([pathlib.Path(one.name).name for one in fitted], found.cameras)
    return *choose(made, choice), table, made


def choose(made: Made, choice: str) -> tuple[str, list[str]]:
    """One of the shapes that were made of the same pictures, if there are any."""
    return _shown(*made[choice]) if made else ("", [])


def interpolate(
    model: Model,
    share: Number,
    start: Number | None,
    end: Number | None,
    start_pictures: Sequence[str] | None = None,
    end_pictures: Sequence[str] | None = None,
) -> tuple[str, list[str]]:
    """The shape at a share of the way between two samples, or two reconstructions."""
    pictures = start_pictures, end_pictures
    if any(pictures) and not all(pictures):
        raise UserError("give pictures for both ends, or for neither to use the seeds")
    sampled = not any(pictures)
    if sampled:
        ends = [model.draw_latents(1, _whole(seed)) for seed in (start, end)]
    else:
        ends = [_encoded(model, shown) for shown in pictures]
    way = way_between(model, np.concatenate(ends), sampled, 100)
    place = round(100 * float(share))
    shape = decoder(model, sampled)(way[place : place + 1])[0]
    return _shown(shape, f"at {share:.0%}")


def _encoded(model: Model, pictures: Sequence[str]) -> Float[np.ndarray, "1 latent"]:
    return model.encode(np.stack([one.view for one in _fitted(model, pictures)])[None])


def _fitted(model: Model, pictures: Sequence[str]) -> list[FittedPicture]:
    if len(pictures) > MAX_PICTURES:
        raise UserError(f"{len(pictures)} pictures are too many; give {MAX_PICTURES}")
    fitted = model.fit(pictures)
    for one in fitted:
        for note in one.notes:
            gr.Warning(html.escape(f"{pathlib.Path(one.name).name}: {note}"))
    return fitted


def _shown(shape: Float[np.ndarray, "x y z"], name: str) -> tuple[str, list[str]]:
    """A page in a frame in which the shape turns, and its files."""
    folder = new_folder()
    mesh = _WRITER.write(folder, "shape", _WRITER.clean(shape[None])[0])
    page = html.escape(gallery_page({name: mesh}, "Shape"))
    frame = f'<iframe srcdoc="{page}" style="width: 100%; height: 540px; border: 0">'
    return frame + "</iframe>", sorted(map(str, folder.iterdir()))


def _whole(seed: Number | None) -> int:
    if seed is None or seed < 0 or seed != int(seed) or seed >= 2**31:
        raise UserError(f"a seed is a whole number from 0 to {2**31 - 1}, not {seed}")
    return int(seed)


def _seed(label: str, value: int = 0) -> gr.Number:
    return gr.Number(value, label=label, precision=0, minimum=0)


def _pictures(label: str) -> gr.File:
    return gr.File(label=label, file_count="multiple", file_types=["image"])


def _truncation() -> gr.Slider:
    return gr.Slider(0, 1, 0.8, label="Truncation: less is more usual")


def _reconstruct_tab(model: Model) -> None:
    pictures = _pictures(f"1 to {MAX_PICTURES} pictures of one object")
    choice = gr.Radio(
        [REFINED, GENERATOR_ALONE],
        value=REFINED,
        label="What the refiner added",
        visible=model.networks.refiner is not None,
    )
    button = gr.Button("Reconstruct", variant="primary")
    outputs, table, made = _outputs(), gr.HTML(), gr.State({})
    change = _with_messages(functools.partial(reconstruct, model))
    # Adding or removing a picture changes the shape at once.
    for event in (button.click, pictures.change):
        event(change, [pictures, choice], [*outputs, table, made])
    choice.change(_with_messages(choose), [made, choice], outputs)


def _connect(function: Callable, inputs: list, label: str) -> None:
    """A button that runs a function, and where its shape and files go."""
    button = gr.Button(label, variant="primary")
    button.click(_with_messages(function), inputs, _outputs())


def _outputs() -> list:
    return [gr.HTML(), gr.File(label="Meshes", interactive=False)]


def _with_messages(function: Callable) -> Callable:
    """Shows what a user did wrong instead of "Error"."""

    def call(*arguments):
        try:
            return function(*arguments)
        except UserError as error:
            raise gr.Error(str(error)) from error

    return call
