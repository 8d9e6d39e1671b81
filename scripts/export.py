"""A model that runs without this library: python scripts/export.py --workdir=DIR"""

from absl import flags

from vaegan_jax import command_line

WORKDIR = flags.DEFINE_string("workdir", None, "Of the training run.", required=True)
OUTPUT = flags.DEFINE_string("output", "exported", "The folder to write to.")
CHECKPOINT = command_line.define_checkpoint()


def main() -> None:
    from vaegan_jax import export, inference

    model = inference.load(WORKDIR.value, CHECKPOINT.value)
    for path in export.export_model(model, OUTPUT.value):
        size = path.stat().st_size / 2**20
        print(f"wrote {path}, {size:.1f} MiB, for {', '.join(export.PLATFORMS)}")
    print("run without the library:")
    print(export.check_exported(OUTPUT.value))


if __name__ == "__main__":
    command_line.run(main)
