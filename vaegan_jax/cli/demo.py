"""A local web page to try a model on."""

from absl import flags

from vaegan_jax.cli import model_flags

model_flags.define()
HOST = flags.DEFINE_string("host", "127.0.0.1", "0.0.0.0 lets other machines in.")
PORT = flags.DEFINE_integer("port", 7860, "Where the page is.", 1, 65535)


def main() -> None:
    from vaegan_jax.errors import UserError, installs

    try:
        from vaegan_jax.demo import app
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("gradio"):
            raise
        raise UserError(f"{error}: {installs('demo')}") from error
    app.launch(model_flags.load(), HOST.value, PORT.value)
