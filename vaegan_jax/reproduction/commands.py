"""The command lines that results come from: data, training, evaluation."""

import dataclasses
import os
import pathlib
import shlex
import sys

# Beside the library in a checkout. An installation has none, but perhaps a folder of
# that name which is another library's.
_SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
_CHECKOUT = (_SCRIPTS / "reproduce.py").is_file()
DOWNLOAD = "download"  # what --modelnet may be in place of a file

# Small enough to compile soon; what they make is good for nothing.
_QUICK = {
    "train": (
        *("--config.train.num_steps=2", "--config.train.batch_size=4"),
        *("--config.model.convolution=plain", "--config.model.latent_size=8"),
        *("--config.model.encoder_widths=(2,2,2)", "--config.model.image_size=64"),
        "--config.model.generator_widths=(4,4,4,2)",
        "--config.model.discriminator_widths=(2,2,2,4)",
    ),
    "refined": ("--config.model.refiner_widths=(2,4)",),
    # Its networks are those of the shipped weights, as those of "sharp".
    "tuned": ("--config.train.num_steps=2", "--config.train.batch_size=4"),
    "evaluate": ("--draws=1", "--sets=1"),
    "deform": ("--copies=1", "--procedural=2"),
    "furniture": ("--count=40",),
    "procedural": ("--count=20",),
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a reader chooses; the row tells the rest of every command.

    Attributes:
      folder: where everything goes.
      voxels, views: the two archives of real chairs.
      modelnet: ModelNet10.zip in place of these, or `DOWNLOAD`; None: the archives.
      seed: of the trainings.
      quick: the same steps with next to no work.
    """

    folder: str = "reproduced"
    voxels: str | None = None
    views: str | None = None
    modelnet: str | None = None
    seed: int = 0
    quick: bool = False

    def archives(self) -> tuple[str, ...]:
        """The files that real chairs are made of; none if they are downloaded."""
        if self.modelnet:
            return () if self.modelnet == DOWNLOAD else (self.modelnet,)
        return tuple(filter(None, (self.voxels, self.views)))


@dataclasses.dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
      name: of it among the steps of all rows.
      command: of `vaegan`.
      arguments: that follow.
      output: the file or folder that it makes.
      resumes: whether what it has left may stay, if it was stopped.
    """

    name: str
    command: str
    arguments: tuple[str, ...]
    output: str
    resumes: bool = False

    def argv(self) -> list[str]:
        """As it is run."""
        if _CHECKOUT:
            return [sys.executable, str(self._script()), *self.arguments]
        return [sys.executable, "-m", "vaegan_jax", self.command, *self.arguments]

    def shown(self) -> str:
        """As a reader types it, in the folder where this runs."""
        words = ["vaegan", self.command]
        if _CHECKOUT:
            words = ["python", os.path.relpath(self._script())]
        return shlex.join([*words, *self.arguments])

    def _script(self) -> pathlib.Path:
        return _SCRIPTS / f"{self.command.replace('-', '_')}.py"


class Commands:
    """Makes the steps of a setting. Each data set's include those of what it is of."""

    def __init__(self, setting: Setting):
        self._setting = setting

    def data(self, name: str) -> str:
        """The path of a data set."""
        return f"{self._setting.folder}/data/{name}"

    def chairs(self, image_size: int = 64) -> list[Step]:
        """`chairs64.npz` or of another size of views: real chairs, with cameras."""
        given = self._setting
        if given.modelnet == DOWNLOAD:
            what = ("modelnet", "--category=chair")
        elif given.modelnet:
            what = ("meshes", f"--input={given.modelnet}", "--category=chair")
        else:
            archives = (f"--voxels={given.voxels}", f"--views={given.views}")
            what = ("archive", "--ring", *archives)
        return self._packed("chairs", f"chairs{image_size}.npz", *what, size=image_size)

    def chairs_and_copies(self) -> list[Step]:
        """`copies.npz`: stretched copies beside them."""
        return [*self.chairs(), self._deformed("copies.npz", "--copies=8")]

    def chairs_and_more(self) -> list[Step]:
        """`more.npz`: copies, and parametric chairs."""
        more = self._deformed("more.npz", "--copies=8", "--procedural=3000")
        return [*self.chairs(), more]

    def stand_in(self) -> list[Step]:
        """`r2n2.npz`: parametric chairs as 3D-R2N2 rendered ShapeNet's."""
        where = self.data("stand_in")
        chairs = self._prepared(
            "stand_in", "procedural", "--layout=r2n2", "--count=1200"
        )
        archives = (
            *(f"--voxels={where}/ShapeNetVox32", f"--views={where}/ShapeNetRendering"),
            *(f"--split={where}/ShapeNet.json", "--category=chair"),
        )
        return [chairs, *self._packed("r2n2", "r2n2.npz", "r2n2", *archives)]

    def furniture(self) -> list[Step]:
        """`furniture.npz`: parametric furniture, seen from anywhere."""
        how = ("--count=8000", "--cameras=random")
        return self._packed("furniture", "furniture.npz", "furniture", *how)

    def train(self, config: str, data: str | None, *flags: str, run: str = "") -> Step:
        """Trains.

        Args:
          config: the experiment.
          data: the data set; None leaves it to the experiment.
          *flags: further ones.
          run: what the run is called, if not as the experiment.
        """
        name = self.run_name(run or config)
        if data:
            flags = (f"--config.data.dir={self.data(data)}", *flags)
        if self._setting.seed:
            flags = (*flags, f"--config.seed={self._setting.seed}")
        if self._setting.quick:
            flags = _replaced(flags, _quick_training(config))
        workdir = self.workdir(name)
        arguments = (f"--config={config}", *flags, f"--workdir={workdir}")
        return Step(f"train_{name}", "train", arguments, workdir, resumes=True)

    def evaluate(self, run: str, *flags: str, of: str = "") -> Step:
        """Measures a run.

        Args:
          run: as `train` was told.
          *flags: what on, and how.
          of: what the evaluation is called, if not as the run.
        """
        name = self.run_name(of or run)
        output = f"{self._setting.folder}/evaluations/{name}"
        flags = (f"--workdir={self.workdir(self.run_name(run))}", *flags)
        if self._setting.quick:
            flags = _replaced(flags, _QUICK["evaluate"])
        arguments = (*flags, f"--output={output}")
        return Step(f"evaluate_{name}", "evaluate", arguments, output, resumes=True)

    def run_name(self, name: str) -> str:
        """As a part of a path, with the seed if it is not the usual one."""
        seed = self._setting.seed
        return name.replace(":", "-") + (f"_seed{seed}" if seed else "")

    def workdir(self, name: str) -> str:
        """Of a run."""
        return f"{self._setting.folder}/runs/{name}"

    def _packed(
        self, folder: str, file: str, command: str, *flags: str, size: int = 64
    ) -> list[Step]:
        directory = f"--data_dir={self.data(folder)}"
        return [
            self._prepared(folder, command, *flags),
            self._prepared(file, "pack", directory, f"--image_size={size}"),
        ]

    def _deformed(self, file: str, *flags: str) -> Step:
        packed = f"--packed={self.data('chairs64.npz')}"
        return self._prepared(file, "deform", packed, *flags)

    def _prepared(self, name: str, command: str, *flags: str) -> Step:
        if self._setting.quick:
            flags = _replaced(flags, _QUICK.get(command, ()))
        output = self.data(name)
        arguments = (command, *flags, f"--output={output}")
        return Step(f"make_{name}", "prepare-data", arguments, output)


def _quick_training(config: str) -> tuple[str, ...]:
    variant = config.partition(":")[2]
    if variant in ("tuned", "sharp"):
        return _QUICK["tuned"]
    return (*_QUICK["train"], *(_QUICK["refined"] if variant == "refined" else ()))


def _replaced(flags: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Flags, with others in place of those of the same name."""
    named = {flag.partition("=")[0]: flag for flag in (*flags, *others)}
    return tuple(named.values())
