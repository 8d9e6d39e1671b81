"""Shapes between shapes."""

from absl import flags

from vaegan_jax.cli import command_line, model_flags, shape_flags

BETWEEN = command_line.define_paths("between", "Two or more shapes, in order.")
ARITHMETIC = command_line.define_paths("arithmetic", "Three shapes A, B and C.")
STEPS = flags.DEFINE_integer("steps", 6, "From one shape to the next.", 1)
SEED = flags.DEFINE_integer("seed", 0, "Of the samples.", 0, 2**31 - 1)
OUTPUT = command_line.define_path("output", "interpolated", "The folder to write to.")
flags.mark_flags_as_mutual_exclusive(["between", "arithmetic"], required=True)
shape_flags.define("glb")


def main() -> None:
    from vaegan_jax.inference import interpolate

    writer = shape_flags.writer()
    model = model_flags.load()
    if ARITHMETIC.value:
        count = interpolate.write_sum(
            model, ARITHMETIC.value, OUTPUT.value, writer, SEED.value
        )
    else:
        count = interpolate.write_path(
            model, BETWEEN.value, OUTPUT.value, writer, STEPS.value, SEED.value
        )
    print(f"wrote {count} shapes of step {model.step} to {OUTPUT.value}")
