"""Shapes between shapes: python scripts/interpolate.py --workdir=DIR --between 3 8

Shapes are numbers of samples, as scripts/sample.py counts them, or pictures or folders
of pictures. `--arithmetic A B C` writes A − B + C instead.
"""

from absl import flags

from vaegan_jax.cli import command_line

BETWEEN = command_line.define_paths("between", "Two or more shapes, in order.")
ARITHMETIC = command_line.define_paths("arithmetic", "Three shapes A, B and C.")
STEPS = flags.DEFINE_integer("steps", 6, "From one shape to the next.", 1)
SEED = flags.DEFINE_integer("seed", 0, "Of the samples.", 0, 2**31 - 1)
OUTPUT = command_line.define_path("output", "interpolated", "The folder to write to.")
flags.mark_flags_as_mutual_exclusive(["between", "arithmetic"], required=True)


def main() -> None:
    from vaegan_jax.cli import shape_flags
    from vaegan_jax.inference import interpolate
    from vaegan_jax.inference.model import load

    writer = shape_flags.writer()
    model = load(flags.FLAGS.workdir, flags.FLAGS.checkpoint)
    if ARITHMETIC.value:
        count = interpolate.write_sum(
            model, ARITHMETIC.value, OUTPUT.value, writer, SEED.value
        )
    else:
        count = interpolate.write_path(
            model, BETWEEN.value, OUTPUT.value, writer, STEPS.value, SEED.value
        )
    print(f"wrote {count} shapes of step {model.step} to {OUTPUT.value}")


if __name__ == "__main__":
    from vaegan_jax.cli import shape_flags

    shape_flags.define("glb")
    flags.adopt_module_key_flags(shape_flags)  # --help lists them
    command_line.run(main)
