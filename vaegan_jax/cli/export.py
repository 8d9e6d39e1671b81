"""A model to give away."""

from absl import flags

from vaegan_jax.cli import command_line, model_flags

OUTPUT = command_line.define_path("output", "exported", "The folder to write to.")
FORMAT = flags.DEFINE_enum(
    "format", "stablehlo", ["stablehlo", "weights"], "Programs, or weights alone."
)
LIKE = command_line.define_path(
    "like", None, "With the weights: a data set whose shapes new ones shall be like."
)
LICENSE = flags.DEFINE_string(
    "license", None, "Of the weights, for their README.md: apache-2.0; default other."
)
model_flags.define()


def main() -> None:
    from vaegan_jax.errors import UserError
    from vaegan_jax.inference import export, likeness, model_card

    if LIKE.value and FORMAT.value != "weights":
        raise UserError("--like needs --format=weights: programs draw from the prior")
    if LICENSE.value and FORMAT.value != "weights":
        raise UserError("--license needs --format=weights, of whose README.md it is")
    model = model_flags.load()
    if FORMAT.value == "weights":
        if LIKE.value:
            model = likeness.like_shapes_of(model, LIKE.value)
        card = model_card.card(model, flags.FLAGS.workdir, LICENSE.value)
        path = export.write_weights(model, OUTPUT.value)
        print(f"wrote {path}, {path.stat().st_size / 2**20:.1f} MiB")
        if not model_card.write_card(card, OUTPUT.value):
            print(
                f"kept {OUTPUT.value}/README.md, which somebody has written or changed;"
                " remove it to have a new one"
            )
        return
    for path in export.export_model(model, OUTPUT.value):
        size = path.stat().st_size / 2**20
        print(f"wrote {path}, {size:.1f} MiB, for {', '.join(export.PLATFORMS)}")
    print("run without the library:")
    print(export.check_exported(OUTPUT.value))
