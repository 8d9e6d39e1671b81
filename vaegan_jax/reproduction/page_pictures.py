"""The pictures in docs/images: what each is made of, and which page shows it."""

import dataclasses
import functools
import io
import pathlib
import tarfile
from collections.abc import Callable

import numpy as np
from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.inference.interpolate import write_path, write_sum
from vaegan_jax.inference.loading import load
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.reconstruct import reconstruct_pictures
from vaegan_jax.inference.sample import write_samples
from vaegan_jax.inference.shape_files import ShapeWriter
from vaegan_jax.pretrained import EXAMPLES
from vaegan_jax.reproduction import screenshots
from vaegan_jax.reproduction.commands import Commands, Setting
from vaegan_jax.reproduction.screenshots import Missing

_SHAPES_OF_GALLERY = 8
_REAL_VIEWS = (2, 5, 10)  # of twelve, from azimuths of 30°, 120° and 270°


@dataclasses.dataclass(frozen=True)
class Given:
    """What pictures are made of.

    Attributes:
      folder: for what is made on the way.
      views: the tar of real chairs' views; None if there is none.
      reproduced: where rows were made, by `scripts/reproduce.py`.
      benchmarks: where `scripts/benchmark.py` wrote.
    """

    folder: pathlib.Path
    views: str | None = None
    reproduced: str = "reproduced"
    benchmarks: str = "runs/benchmarks"

    @functools.cached_property
    def model(self) -> Model:
        """The one that comes with the library."""
        return load()

    def example(self, name: str) -> str:
        """The path of a picture that comes with the library."""
        return str(EXAMPLES / f"{name}.png")


@dataclasses.dataclass(frozen=True)
class Picture:
    """One of docs/images.

    Attributes:
      name: of the file there.
      page: that shows it, from the root of the repository.
      source: of what it is made.
      find: gives the path of a file that is it; raises `Missing`.
    """

    name: str
    page: str
    source: str
    find: Callable[[Given], pathlib.Path]


def draw(picture: Picture, given: Given, output: pathlib.Path) -> None:
    """Writes `output/NAME`, which is complete or as it was.

    Raises:
      Missing: what it is made of is not there.
      UserError: that is no picture, or the folder cannot be written to.
    """
    found = picture.find(given)
    content = found.read_bytes()
    try:
        Image.open(io.BytesIO(content)).load()
    except OSError as error:
        raise UserError(f"{found} is damaged: {error}; make it anew") from error
    partial = output / f"{picture.name}.partial"
    partial.write_bytes(content)
    partial.replace(output / picture.name)


def _samples(given: Given, name: str, count: int, **how) -> pathlib.Path:
    folder = given.folder / name
    writer = ShapeWriter(formats=(), smooth=how.pop("smooth", 0))
    write_samples(given.model, given.model.draw_latents(count), folder, writer, **how)
    return folder


def _turning(given: Given) -> pathlib.Path:
    return _samples(given, "turning", 16) / "turntable.gif"


def _gallery(given: Given) -> pathlib.Path:
    screenshots.require_browser()
    how = {"animate": False, "clean": True, "smooth": 5}
    page = _samples(given, "gallery", _SHAPES_OF_GALLERY, **how) / "gallery.html"
    return screenshots.of_gallery(page, given.folder / "gallery.png")


def _interpolation(given: Given) -> pathlib.Path:
    names = [given.example("chair_1"), given.example("sofa_1")]
    folder = given.folder / "interpolation"
    write_path(given.model, names, folder, ShapeWriter(formats=()))
    return folder / "strip.png"


def _arithmetic(given: Given) -> pathlib.Path:
    names = [given.example(name) for name in ("chair_1", "table_1", "sofa_1")]
    folder = given.folder / "arithmetic"
    write_sum(given.model, names, folder, ShapeWriter(formats=()))
    return folder / "strip.png"


def _reconstruction(given: Given) -> pathlib.Path:
    folder = given.folder / "reconstruction"
    pictures = _real_pictures(given)
    reconstruct_pictures(given.model, pictures, folder, ShapeWriter(formats=()))
    made = [Image.open(folder / f"{name}.png").convert("RGB") for name in pictures]
    path = folder / "all.png"
    Image.fromarray(np.hstack([np.asarray(one) for one in made])).save(path)
    return path


def _real_pictures(given: Given) -> dict[str, list[Image.Image]]:
    """Three views each of the first chair and those a third and two thirds on."""
    if not given.views:
        raise Missing("--views=modelnet40v1png_chairs.tar")
    try:
        with tarfile.open(given.views) as archive:
            first = sorted(x for x in archive.getnames() if x.endswith("_001.png"))
            chosen = [first[i * len(first) // 3] for i in range(3)]
            return {
                pathlib.PurePath(name).stem[: -len("_001")]: [
                    _read(archive, f"{name[: -len('001.png')]}{number:03d}.png")
                    for number in _REAL_VIEWS
                ]
                for name in chosen
            }
    except (OSError, tarfile.TarError, LookupError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")  # of many lines
        raise UserError(
            f"--views={given.views} is no tar of twelve views of chairs: {reason}; "
            "give modelnet40v1png_chairs.tar"
        ) from error


def _read(archive: tarfile.TarFile, name: str) -> Image.Image:
    picture = Image.open(io.BytesIO(archive.extractfile(name).read()))
    picture.load()
    return picture


def _demo(given: Given) -> pathlib.Path:
    return screenshots.of_demo(given.folder / "demo.png")


def _weights(
    name: str, page: str, find: Callable[[Given], pathlib.Path], more: str = ""
) -> Picture:
    return Picture(name, page, f"the shipped weights{more}", find)


def _row(name: str, page: str, row: str, path: str) -> Picture:
    """Of a row of docs/results.md; `path` is that in `reproduced/`, RUN its run."""

    def find(given: Given) -> pathlib.Path:
        command = f"python scripts/reproduce.py --row={row}"
        folder = pathlib.Path(given.reproduced)
        run = Commands(Setting()).run_name(row)
        found = sorted(folder.glob(path.replace("RUN", run)))
        if not (folder / "rows" / f"{run}.json").exists() or not found:
            raise Missing(f"that row in {folder}: {command}")
        return found[-1]  # of the last step

    return Picture(name, page, f"the row {row}", find)


def _benchmark(name: str) -> Picture:
    def find(given: Given) -> pathlib.Path:
        path = pathlib.Path(given.benchmarks, f"{name}.png")
        if not path.exists():
            raise Missing(f"{path}: python scripts/benchmark.py {name}")
        return path

    return Picture(
        f"benchmark_{name}.png", "docs/benchmarks.md", f"benchmark.py {name}", find
    )


_DEMO, _REFINED = "mv_vae_gan:demo", "mv_vae_gan_best:refined"
_TUNED = "mv_vae_gan_furniture:tuned"
_PICTURES, _EVALUATION = "runs/RUN/images", "evaluations/RUN"

PICTURES: dict[str, Picture] = {
    picture.name: picture
    for picture in (
        _weights("turning.gif", "README.md", _turning),
        _weights("using_gallery.png", "docs/using.md", _gallery, " and Chromium"),
        _weights("using_interpolation.png", "docs/using.md", _interpolation),
        _weights("using_arithmetic.png", "docs/using.md", _arithmetic),
        _weights("using_demo.png", "docs/using.md", _demo, " and Chromium"),
        _weights(
            *("using_reconstruction.png", "docs/photos.md"),
            *(_reconstruction, " and real chairs"),
        ),
        _row(
            *("demo_reconstructions.png", "README.md"),
            *(_DEMO, f"{_PICTURES}/reconstructions_*.png"),
        ),
        _row(
            *("demo_samples.png", "docs/results.md"),
            *(_DEMO, f"{_PICTURES}/samples_*.png"),
        ),
        _row(
            *("refined_reconstructions.png", "docs/results.md"),
            *(_REFINED, f"{_EVALUATION}/reconstructions.png"),
        ),
        _row(
            *("tuned_samples.png", "docs/results.md"),
            *(_TUNED, f"{_EVALUATION}/samples_like_training_shapes.png"),
        ),
        _row(
            *("evidence.png", "docs/architecture.md"),
            *(_REFINED, f"{_EVALUATION}/evidence.png"),
        ),
        _benchmark("peer"),
        _benchmark("encoding"),
    )
}


def find_picture(name: str) -> Picture:
    """Raises a `UserError` if there is no such picture."""
    if name not in PICTURES:
        raise UserError(
            f"there is no picture {name!r}; there are {', '.join(PICTURES)}"
        )
    return PICTURES[name]


def list_pictures() -> str:
    """A line for each: its name, the page that shows it, and what it is made of."""
    return "\n".join(f"{x.name}: {x.page}; of {x.source}" for x in PICTURES.values())
