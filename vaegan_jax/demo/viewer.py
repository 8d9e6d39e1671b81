"""A large shape that turns, with its files below; messages instead of errors."""

import functools
import html
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
import gradio as gr

from vaegan_jax.demo.difference import difference_mesh
from vaegan_jax.demo.downloads import WRITER, new_folder
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.gallery import gallery_page

_READ_SECONDS = 20  # that a message stays


class Viewer:
    """Where one shape is seen at a time.

    Args:
      hint: what to do for a shape to appear.

    Attributes:
      outputs: what `show` and `hide` give values of.
    """

    def __init__(self, hint: str):
        self._hint = f'<p class="hint">{html.escape(hint)}</p>'
        frame = gr.HTML(self._hint)
        with gr.Row(elem_classes="downloads"):
            files = [
                gr.DownloadButton(
                    f"Save .{kind}", size="md", min_width=80, visible=False
                )
                for kind in WRITER.formats
            ]
        self.outputs = [frame, *files]

    def hide(self) -> list:
        """Values of `outputs` without a shape."""
        return [self._hint, *(gr.update(visible=False) for _ in WRITER.formats)]

    def show(
        self,
        shape: Float[np.ndarray, "x y z"],
        name: str,
        before: Float[np.ndarray, "x y z"] | None = None,
    ) -> list:
        """Values of `outputs` for a shape.

        Args:
          shape: probabilities, without small parts.
          name: what is written below it.
          before: a shape to show the difference from; the files are of `shape` alone.
        """
        folder = new_folder()
        mesh, legend = WRITER.write(folder, "shape", shape), ""
        if before is not None:
            mesh, words = difference_mesh(before, shape)
            legend = f'<p class="legend">Voxels: {words}</p>'
        files = [folder / f"shape.{kind}" for kind in WRITER.formats]
        return [
            _frame(mesh, name) + legend,
            *(
                gr.update(value=str(file), visible=True)
                if file.exists()
                else gr.update(visible=False)
                for file in files
            ),
        ]


def _frame(mesh: trimesh.Trimesh | None, name: str) -> str:
    page = html.escape(gallery_page({name: mesh}, ""))
    return f'<iframe class="shape" title="Shape" srcdoc="{page}"></iframe>'


def tiles(files: list[str] | None, kind: str) -> gr.Gallery:
    """Pictures to click; how large they are is told by the style of their kind."""
    return gr.Gallery(
        files,
        show_label=False,
        container=False,
        object_fit="contain",
        allow_preview=False,
        interactive=False,
        buttons=[],
        elem_classes=["tiles", kind],
    )


def with_messages(function: Callable) -> Callable:
    """Says in one sentence what a user did wrong, and leaves the page as it is."""

    @functools.wraps(function)
    def call(*arguments) -> Any:
        try:
            return function(*arguments)
        except UserError as error:
            gr.Warning(html.escape(str(error)), _READ_SECONDS)
            return gr.skip()

    return call
