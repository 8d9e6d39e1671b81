"""New shapes, as a wall of them."""

from collections.abc import Callable

from vaegan_jax.demo.latents import samples
from vaegan_jax.demo.shape_wall import ShapeWall
from vaegan_jax.demo.viewer import gr, with_messages
from vaegan_jax.inference.model import Model


def sample_tab(model: Model, opens: Callable) -> ShapeWall:
    """The tab, to be made inside of it.

    Args:
      model: to try.
      opens: the event when the tab is first seen, and so filled.
    """
    with gr.Row(elem_classes="controls"):
        seed = gr.Number(0, label="Seed", precision=0, minimum=0, min_width=100)
        truncation = gr.Slider(
            0, 1, 0.8, label="Truncation: less is more usual", scale=3, min_width=240
        )
        button = gr.Button("Sample", variant="primary", min_width=100)
        more = gr.Button("Next seed", min_width=100)
    wall = ShapeWall(model)

    def draw(seed, truncation):
        return wall.fill(samples(model, seed, truncation))

    def draw_first(seed, truncation, there):
        return gr.skip() if there else draw(seed, truncation)

    inputs = [seed, truncation]
    opens(with_messages(draw_first), [*inputs, wall.wall], wall.outputs)
    button.click(with_messages(draw), inputs, wall.outputs)
    after = more.click(lambda seed: (seed or 0) + 1, seed, seed)
    after.then(with_messages(draw), inputs, wall.outputs)
    return wall
