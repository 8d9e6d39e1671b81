"""Rows of docs/results.md, from nothing to their lines in the tables."""

import os
import pathlib
from collections.abc import Sequence

from vaegan_jax.errors import UserError
from vaegan_jax.reproduction import record
from vaegan_jax.reproduction.commands import Setting, Step
from vaegan_jax.reproduction.rows import ROWS, Row, steps_of
from vaegan_jax.reproduction.running import Runner


def list_rows(setting: Setting) -> str:
    """What each row needs and takes, and its commands.

    Without the names of archives that are given, those of the usual ones are shown.
    """
    if not (setting.modelnet or setting.voxels or setting.views):
        setting = usual(setting.folder)
    text = []
    for row in ROWS.values():
        commands = [f"    {step.shown()}" for step in steps_of(row, setting)]
        text += [f"{row.name}: needs {row.needs}; {row.takes}", *commands, ""]
    return "\n".join(text).rstrip()


def usual(folder: str = "reproduced") -> Setting:
    """The setting of the commands on pages: archives by the names they come with."""
    return Setting(
        folder, "modelnet10_chairs_binvox32.zip", "modelnet40v1png_chairs.tar"
    )


def plan(row: Row, settings: Sequence[Setting]) -> list[list[Step]]:
    """The steps of each setting; see `steps_of`.

    Raises:
      UserError: data that the row needs are not given, or not there.
    """
    planned = [steps_of(row, setting) for setting in settings]
    # Some rows read them only after hours.
    for setting in settings if row.real else ():
        for path in setting.archives():
            if not os.path.exists(path):
                raise UserError(
                    f"{path} does not exist, which the row {row.name} needs; give the "
                    "path of that file"
                )
    return planned


def reproduce(
    row: Row, settings: Sequence[Setting], planned: Sequence[Sequence[Step]]
) -> str:
    """Runs all steps that are not complete, and records what they came to.

    Args:
      row: which.
      settings: of one folder, one for each seed.
      planned: the steps of each, from `plan`.

    Returns:
      The lines of the row, as Markdown, and how they were had.

    Raises:
      Stopped: a signal came.
      UserError: a step failed.
    """
    folder = pathlib.Path(settings[0].folder)
    runner, done = Runner(folder), {}
    for steps in planned:
        for step in steps:  # seeds share their data
            done[step.name] = done.get(step.name) or runner.run(step)
    lines = record.read_lines(row, [steps[-1].output for steps in planned])
    seeds = [setting.seed for setting in settings]
    made = record.write_record(folder, row, seeds, lines, list(done.values()))
    text = [*record.format_tables([lines]), record.describe(made)]
    return "\n\n".join([*text, f"wrote {folder / 'results.md'}"])
