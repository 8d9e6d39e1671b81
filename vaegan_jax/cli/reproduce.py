"""Makes a row of docs/results.md again."""

from absl import flags

from vaegan_jax.cli import command_line

ROW = flags.DEFINE_multi_string("row", None, "Its name; --list tells all.")
LIST = flags.DEFINE_bool("list", False, "Tell what rows there are, and their commands.")
VOXELS = command_line.define_path(
    "voxels", None, "The zip of real chairs: modelnet10_chairs_binvox32.zip."
)
VIEWS = command_line.define_path(
    "views", None, "The tar of their views: modelnet40v1png_chairs.tar."
)
MODELNET = command_line.define_path(
    "modelnet", None, "ModelNet10.zip in place of both; or `download`."
)
OUTPUT = command_line.define_path(
    "output", "reproduced", "The folder that everything goes to."
)
SEEDS = flags.DEFINE_list("seeds", "0", "Of the trainings; several give mean ± spread.")
QUICK = flags.DEFINE_bool(
    "quick", False, "The same steps with next to no work: whether they run at all."
)


def _is_seed(text: str) -> bool:
    return text.isdecimal() and int(text) < 2**31


def main() -> int:
    import dataclasses
    import pathlib

    from vaegan_jax.errors import UserError
    from vaegan_jax.inference.shape_files import check_writable
    from vaegan_jax.reproduction import reproduce
    from vaegan_jax.reproduction.commands import Setting
    from vaegan_jax.reproduction.rows import find
    from vaegan_jax.reproduction.running import Stopped
    from vaegan_jax.runtime.lock import hold

    folder = f"{OUTPUT.value}/quick" if QUICK.value else OUTPUT.value
    setting = Setting(
        *(folder, VOXELS.value, VIEWS.value, MODELNET.value), quick=QUICK.value
    )
    if LIST.value:
        print(reproduce.list_rows(setting))
        return 0
    if not ROW.value:
        raise UserError("give --row=NAME, or --list to see what rows there are")
    if not (SEEDS.value and all(map(_is_seed, SEEDS.value))):
        raise UserError(
            f"--seeds={','.join(SEEDS.value)}: give whole numbers from 0 up to 2³¹ − 1"
        )
    settings = [
        dataclasses.replace(setting, seed=seed)
        for seed in dict.fromkeys(map(int, SEEDS.value))
    ]
    # All that can be wrong is told before what takes long.
    planned = [(row, reproduce.plan(row, settings)) for row in map(find, ROW.value)]
    check_writable(pathlib.Path(folder))
    try:
        with hold(pathlib.Path(folder), "reproducing", "--output"):
            for row, steps in planned:
                print(reproduce.reproduce(row, settings, steps))
    except Stopped as stopped:
        print("stopped; the same command goes on from there")
        return 128 + stopped.signum
    return 0
