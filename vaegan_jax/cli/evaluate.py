"""Measures a model."""

from absl import flags

from vaegan_jax.cli import command_line, model_flags

WORKDIR = command_line.define_paths(
    "workdir",
    "Of the training run; or weights: a folder, hf://USER/NAME, or 'pretrained' for "
    "those that come with vaegan_jax. Twice to compare two.",
)
DATA_DIR = command_line.define_path(
    "data_dir", None, "Data set; default that of training."
)
TRAINING_DATA = command_line.define_path(
    "training_data",
    None,
    "Data set whose training shapes stand beside the model's; default as in training.",
)
SPLIT = flags.DEFINE_string("split", "validation", "Of the data set.")
OUTPUT = command_line.define_path(
    "output",
    None,
    "Where the report goes; default WORKDIR/evaluation, of the last, if that is a "
    "folder of yours, or else evaluation.",
)
JSON = command_line.define_path(
    "json",
    None,
    "Also write the numbers here: metrics.json, or comparison.json of two.",
)
CHECKPOINT = command_line.define_checkpoint()
LABELS = command_line.define_path(
    "labels",
    None,
    "Measures features too, by these classes of shapes: a CSV file with the columns "
    "name and label, or `category` for the categories of the data set.",
)
DRAWS = flags.DEFINE_integer("draws", 3, "Random subsets of views of each shape.", 1)
SETS = flags.DEFINE_integer("sets", 5, "Sets of samples.", 1)


PROTOCOL = flags.DEFINE_enum(
    "protocol",
    None,
    ["r2n2", "cameras"],
    "Only measures reconstruction as others do on 3D-R2N2's renders; or how well it is "
    "told from where views are.",
)


def _protocol(name: str):
    """What measures by it, what writes the report, and what gives its text."""
    from vaegan_jax.evaluate import camera_protocol as cameras
    from vaegan_jax.evaluate import r2n2_protocol as r2n2

    if name == "r2n2":
        return r2n2.evaluate_protocol, r2n2.write_protocol, r2n2.format_protocol
    return cameras.evaluate_cameras, cameras.write_cameras, cameras.format_cameras


def main() -> None:
    import pathlib

    from vaegan_jax.errors import UserError
    from vaegan_jax.evaluate import comparison, evaluation, report
    from vaegan_jax.evaluate.subject import Options
    from vaegan_jax.inference.model_folders import model_folder
    from vaegan_jax.inference.shape_files import check_writable

    workdirs = WORKDIR.value or ()
    if not workdirs:
        raise UserError(
            "--workdir is needed: that of a training run, weights as a folder or "
            "hf://USER/NAME, or pretrained for those that come with vaegan_jax"
        )
    if len(workdirs) > 2:
        raise UserError(
            f"{len(workdirs)} work directories; give one, or two to compare"
        )
    if PROTOCOL.value and (len(workdirs) > 1 or LABELS.value):
        raise UserError("--protocol takes one --workdir, and no --labels")
    options = Options(
        data_dir=DATA_DIR.value,
        training_data=TRAINING_DATA.value,
        split=SPLIT.value,
        checkpoint=CHECKPOINT.value,
        labels=LABELS.value,
        draws=DRAWS.value,
        sets=SETS.value,
    )
    output = pathlib.Path(
        model_flags.output_folder(OUTPUT.value, "evaluation", workdirs[-1])
    )
    check_writable(output)
    for workdir in workdirs[1:]:
        model_folder(workdir)  # before the first is measured, which takes long
    if PROTOCOL.value:
        measure, write, form = _protocol(PROTOCOL.value)
        rows, about = measure(workdirs[0], options)
        numbers = write(output, rows, about)
        if JSON.value:
            report.write_text(pathlib.Path(JSON.value), report.to_json(numbers))
        print(form(rows, about))
        print(f"wrote the report to {output}")
        return
    measured = []
    for number, workdir in enumerate(workdirs):
        measured.append(evaluation.evaluate(workdir, options))
        folder = output / f"model_{number + 1}" if len(workdirs) > 1 else output
        report.write_evaluation(folder, measured[-1])
        print(report.format_tables(measured[-1]) + "\n", flush=True)
    if len(measured) > 1:
        compared = comparison.write_comparison(output, *measured)
        print(comparison.format_comparison(compared) + "\n")
    if JSON.value:
        numbers = compared if len(measured) > 1 else measured[0].to_dict()
        report.write_text(pathlib.Path(JSON.value), report.to_json(numbers))
    print(f"wrote the report to {output}")
