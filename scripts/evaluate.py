"""Measures a model: python scripts/evaluate.py --workdir=runs/mv_vae_gan-demo"""

from absl import flags

from vaegan_jax import command_line

WORKDIR = flags.DEFINE_string("workdir", None, "Of the training run.", required=True)
DATA_DIR = flags.DEFINE_string("data_dir", None, "Data set; default that of training.")
SPLIT = flags.DEFINE_string("split", "validation", "Of the data set.")
JSON = flags.DEFINE_string("json", None, "Also write the numbers to this file.")
CHECKPOINT = flags.DEFINE_integer("checkpoint", None, "Step; default the latest.")


def main() -> None:
    import json
    import pathlib

    from vaegan_jax import evaluate, inference
    from vaegan_jax.dataset import open_split

    model = inference.load(WORKDIR.value, CHECKPOINT.value)
    data, fit = model.config.data, model.config.model
    directory = DATA_DIR.value or data.dir
    size = fit.image_size if data.num_views else None
    examples = open_split(directory, SPLIT.value, fit.resolution, size)
    train = open_split(data.dir, data.train_split, fit.resolution, None)
    rows = evaluate.evaluate(model, train, examples)
    print(f"{model.config.algorithm} at step {model.step}, {len(examples)} shapes of "
          f"{SPLIT.value} in {directory}\n")  # fmt: skip
    print(evaluate.format_table(rows))
    if JSON.value:
        pathlib.Path(JSON.value).write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    command_line.run(main)
