"""Makes the pictures of the pages in docs/ again."""

from absl import flags

from vaegan_jax.cli import command_line

PICTURE = flags.DEFINE_multi_string(
    "picture", None, "Its name, for one alone; --list tells all."
)
LIST = flags.DEFINE_bool(
    "list", False, "Tell what pictures there are, where they are shown, and of what."
)
VIEWS = command_line.define_path(
    "views", None, "The tar of real chairs' views: modelnet40v1png_chairs.tar."
)
REPRODUCED = command_line.define_path(
    "reproduced", "reproduced", "Where scripts/reproduce.py has made its rows."
)
BENCHMARKS = command_line.define_path(
    "benchmarks", "runs/benchmarks", "Where scripts/benchmark.py has written."
)
OUTPUT = command_line.define_path(
    "output", "docs/images", "The folder to write to, with what it has from before."
)


def main() -> int:
    import pathlib
    import tempfile

    from vaegan_jax.inference.shape_files import make_folder
    from vaegan_jax.reproduction import page_pictures
    from vaegan_jax.reproduction.screenshots import Missing

    if LIST.value:
        print(page_pictures.list_pictures())
        return 0
    names = PICTURE.value or page_pictures.PICTURES
    chosen = [page_pictures.find_picture(name) for name in names]
    output, left = make_folder(OUTPUT.value), 0
    with tempfile.TemporaryDirectory() as folder:
        given = page_pictures.Given(
            *(pathlib.Path(folder), VIEWS.value),
            *(REPRODUCED.value, BENCHMARKS.value),
        )
        for picture in chosen:
            try:
                page_pictures.draw(picture, given, output)
                print(f"wrote {output / picture.name}, for {picture.page}", flush=True)
            except Missing as missing:
                left += 1
                print(f"left {picture.name} as it is, for want of {missing}")
    # Who names a picture wants that one.
    return int(bool(PICTURE.value) and left > 0)
