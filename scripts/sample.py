"""Samples new shapes: python scripts/sample.py --workdir=runs/mv_vae_gan-demo"""

from absl import flags

from vaegan_jax import command_line

WORKDIR = flags.DEFINE_string("workdir", None, "Of the training run.", required=True)
OUTPUT = flags.DEFINE_string("output", None, "Where to write; default WORKDIR/samples.")
NUM_SAMPLES = flags.DEFINE_integer("num_samples", 16, "How many shapes.", 1)
SEED = flags.DEFINE_integer("seed", 0, "Of the latents.", 0)
CHECKPOINT = flags.DEFINE_integer("checkpoint", None, "Step; default the latest.")


def main() -> None:
    import pathlib

    from vaegan_jax import export, inference

    model = inference.load(WORKDIR.value, CHECKPOINT.value)
    latents = model.draw_latents(NUM_SAMPLES.value, SEED.value)
    output = pathlib.Path(OUTPUT.value or f"{WORKDIR.value}/samples")
    empty = export.write_samples(output, model.generate(latents), latents)
    print(f"wrote {len(latents)} shapes of step {model.step} to {output}")
    if empty:
        print(f"without a filled voxel, so without a mesh: {empty}")


if __name__ == "__main__":
    command_line.run(main)
