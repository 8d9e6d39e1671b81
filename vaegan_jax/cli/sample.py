"""Samples new shapes."""

from absl import flags

from vaegan_jax.cli import command_line, model_flags, shape_flags

OUTPUT = command_line.define_path(
    "output", None, "Where to write; default WORKDIR/samples, or samples without one."
)
NUM_SAMPLES = flags.DEFINE_integer("num_samples", 16, "How many shapes.", 1)
SEED = flags.DEFINE_integer("seed", 0, "Of the latents.", 0, 2**31 - 1)
TRUNCATION = flags.DEFINE_float(
    "truncation", 1.0, "Of latents: below 1, more usual and less varied shapes."
)
LIKE = command_line.define_path(
    "like",
    None,
    "A data set: new shapes like those it trains on; or 'prior'. Default:"
    " like the training shapes, where training has finished and there is an encoder.",
)
CLEAN = flags.DEFINE_bool(
    "clean",
    False,
    "Remove parts that are small beside the largest of their shape, as no real chair"
    " has; samples.npz keeps them.",
)
TURNTABLE = flags.DEFINE_bool("turntable", True, "Write turntable.gif.")
shape_flags.define("glb,binvox")


def main() -> None:
    from vaegan_jax.inference import likeness
    from vaegan_jax.inference.sample import write_samples

    writer = shape_flags.writer()
    model = model_flags.load()
    if LIKE.value:
        model = likeness.like_shapes_of(model, LIKE.value)
    latents = model.draw_latents(NUM_SAMPLES.value, SEED.value, TRUNCATION.value)
    workdir = flags.FLAGS.workdir
    output = model_flags.output_folder(OUTPUT.value, "samples", workdir)
    empty = write_samples(model, latents, output, writer, TURNTABLE.value, CLEAN.value)
    kind = "of the prior" if model.mixture is None else "like training shapes"
    print(f"wrote {len(latents)} shapes {kind}, of step {model.step}, to {output}")
    if empty:
        print(f"without a filled voxel, so without a mesh: {empty}")
