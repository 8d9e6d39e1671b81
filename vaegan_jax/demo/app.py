"""A local web page to try a model on: reconstruct, sample, interpolate (Gradio)."""

import os
import pathlib
import socket

from vaegan_jax.demo.downloads import KEPT_SECONDS
from vaegan_jax.demo.interpolate_tab import InterpolateTab
from vaegan_jax.demo.reconstruct_tab import ReconstructTab
from vaegan_jax.demo.sample_tab import sample_tab
from vaegan_jax.demo.viewer import gr
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import Model
from vaegan_jax.pretrained import EXAMPLES

_MAX_UPLOAD = "10mb"
_KEPT = KEPT_SECONDS, KEPT_SECONDS
_WAITING = 16  # requests; more are turned away


def build(model: Model, examples: str | os.PathLike = EXAMPLES) -> gr.Blocks:
    """The page; the tab that needs an encoder is left out for a plain 3D-GAN.

    Args:
      model: to try.
      examples: a folder whose PNG files are pictures to click; it may be missing.
    """
    title, sources = f"{model.config.name} at step {model.step}", []
    with gr.Blocks(title=title, delete_cache=_KEPT, fill_width=True) as page:
        gr.Markdown(f"# {title}")
        with gr.Tabs() as tabs:
            reconstructs = model.networks.encoder is not None
            if reconstructs:
                with gr.Tab("Reconstruct"):
                    tab = ReconstructTab(model, examples)
                    of_pictures = lambda made: made.latent(model)  # noqa: E731
                    sources.append((tab.below, [tab.state], of_pictures))
            with gr.Tab("Sample") as second:
                opens = second.select if reconstructs else page.load
                wall = sample_tab(model, opens)
                sources.append((wall.below, [wall.wall, wall.opened], wall.latent))
            with gr.Tab("Interpolate", id=InterpolateTab.name):
                interpolate = InterpolateTab(model, tabs)
        for source in sources:
            interpolate.connect(*source)
    return page.queue(max_size=_WAITING, default_concurrency_limit=1)


def serve(page: gr.Blocks, host: str, port: int, **options) -> None:
    """Serves a page as this one is meant to look; options as of `gr.Blocks.launch`."""
    page.launch(
        server_name=host,
        server_port=port,
        max_file_size=_MAX_UPLOAD,
        theme=gr.themes.Soft(neutral_hue="slate", font=["system-ui", "sans-serif"]),
        css_paths=pathlib.Path(__file__).with_name("page.css"),
        **options,
    )


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
    serve(build(model), host, port)
