"""The rows of docs/results.md: what each needs, takes and is made with."""

import dataclasses
from collections.abc import Callable

from vaegan_jax.errors import UserError
from vaegan_jax.reproduction.commands import Commands, Setting, Step

CORE = "one core of a CPU with AVX-512"
CORES = "two cores of a CPU with AVX-512"

# Steps of the original's recipes, of 32 shapes each; after about as many its squared
# error of unseen chairs was lowest. All are measured at its end, none at its best.
BUDGET = 1250


@dataclasses.dataclass(frozen=True)
class Row:
    """One model, or what needs none, and how it is measured.

    Attributes:
      name: that of an experiment, for most.
      steps: in order; the last measures.
      minutes: that all of it takes, about; 0: it has not been timed.
      machine: on which.
      real: whether it needs real chairs.
      learnt: whether the model is shown, or what learns nothing.
      protocol: whether it is measured by 3D-R2N2's.
    """

    name: str
    steps: Callable[[Commands], list[Step]]
    minutes: int = 0
    machine: str = CORE
    real: bool = True
    learnt: bool = True
    protocol: bool = False

    @property
    def needs(self) -> str:
        """The data that a reader gives."""
        return "--voxels and --views, or --modelnet" if self.real else "no data"

    @property
    def takes(self) -> str:
        """How long."""
        if not self.minutes:
            return "not timed yet"
        return f"about {self.minutes} minutes on {self.machine}"


def find(name: str) -> Row:
    """Raises a `UserError` if there is no such row."""
    if name not in ROWS:
        raise UserError(f"there is no row {name!r}; there are {', '.join(ROWS)}")
    return ROWS[name]


def steps_of(row: Row, setting: Setting) -> list[Step]:
    """The commands of a row, in order.

    Raises:
      UserError: it needs data that are not given.
    """
    given = setting.modelnet or (setting.voxels and setting.views)
    if row.real and not given:
        raise UserError(
            f"the row {row.name} needs real chairs: give their archives, "
            "--voxels=modelnet10_chairs_binvox32.zip and "
            "--views=modelnet40v1png_chairs.tar, or --modelnet=ModelNet10.zip"
        )
    steps = row.steps(Commands(setting))
    return list(dict.fromkeys(steps))  # data of two sizes are of the same shapes


def _on_chairs(
    make: Commands, run: str, *flags: str, data: str = "chairs64.npz"
) -> Step:
    chairs = make.data(data)
    what = (f"--data_dir={chairs}", f"--training_data={chairs}")
    return make.evaluate(run, *what, *(flags or ("--checkpoint=best",)))


def _best(config: str, data: str, *flags: str) -> Callable[[Commands], list[Step]]:
    def steps(make: Commands) -> list[Step]:
        many = make.chairs_and_more if data == "more.npz" else make.chairs_and_copies
        return [*many(), make.train(config, data, *flags), _on_chairs(make, config)]

    return steps


_ANY = ("mv_vae_gan_best:any", "more.npz", "--config.train.num_steps=6000")


def _refined(make: Commands) -> list[Step]:
    config, before = "mv_vae_gan_best:refined", make.train(*_ANY)
    initial = f"--config.train.initial_model={before.output}"
    refined = make.train(config, "chairs128.npz", initial)
    data = [*make.chairs_and_more(), *make.chairs(image_size=128)]
    measured = _on_chairs(make, config, data="chairs128.npz")
    return [*data, before, refined, measured]


def _reference(config: str, pooling: str = "") -> Callable[[Commands], list[Step]]:
    run = f"{config}_{pooling}" if pooling else config
    flags = ("--config.model.image_size=64", f"--config.train.num_steps={BUDGET}")
    flags += (f"--config.model.pooling={pooling}",) * bool(pooling)

    def steps(make: Commands) -> list[Step]:
        trained = make.train(config, "chairs64.npz", *flags, run=run)
        return [*make.chairs(), trained, _on_chairs(make, run, "--checkpoint=latest")]

    return steps


def _demo(config: str) -> Callable[[Commands], list[Step]]:
    return lambda make: [make.train(config, None), make.evaluate(config)]


def _stand_in(make: Commands) -> list[Step]:
    config = "mv_vae_gan_r2n2:demo"
    how = ("--split=test", "--checkpoint=best", "--protocol=r2n2")
    trained = make.train(config, "r2n2.npz")
    return [*make.stand_in(), trained, make.evaluate(config, *how)]


_FURNITURE, _FURNITURE_REFINED = "mv_vae_gan_furniture", "mv_vae_gan_furniture:refined"
_ON_FURNITURE = ("--split=test", "--checkpoint=best", "--draws=1", "--sets=1")


def _furniture(make: Commands) -> list[Step]:
    trained = make.train(_FURNITURE, "furniture.npz")
    measured = make.evaluate(_FURNITURE, *_ON_FURNITURE)
    return [*make.furniture(), trained, measured]


def _furniture_refined(make: Commands) -> list[Step]:
    return [*_trained_on_furniture(make), _on_furniture(make)]


def _trained_on_furniture(make: Commands) -> list[Step]:
    before = make.train(_FURNITURE, "furniture.npz")
    initial = f"--config.train.initial_model={before.output}"
    refined = make.train(_FURNITURE_REFINED, "furniture.npz", initial)
    return [*make.furniture(), before, refined]


def _on_furniture(make: Commands) -> Step:
    return make.evaluate(_FURNITURE_REFINED, *_ON_FURNITURE)


def _unseen(make: Commands) -> list[Step]:
    """Furniture's model on real chairs, of which it has seen none."""
    what = (f"--data_dir={make.data('chairs64.npz')}", "--checkpoint=best", "--sets=1")
    measured = make.evaluate(_FURNITURE_REFINED, *what, of=ZERO_SHOT)
    return [*_trained_on_furniture(make), *make.chairs(), measured]


_BRIEFLY = ("--checkpoint=best", "--draws=1", "--sets=1")


def _tuned(run: str, *flags: str) -> Callable[[Commands], list[Step]]:
    def steps(make: Commands) -> list[Step]:
        trained = make.train(_TUNED, "chairs64.npz", *flags, run=run)
        return [*make.chairs(), trained, _on_chairs(make, run, *_BRIEFLY)]

    return steps


def _sharp(make: Commands) -> list[Step]:
    trained = make.train(_SHARP, "chairs128.npz")
    measured = _on_chairs(make, _SHARP, *_BRIEFLY, data="chairs128.npz")
    return [*make.chairs(image_size=128), trained, measured]


ZERO_SHOT = "mv_vae_gan_furniture:zero_shot"
_TUNED, _UNTAUGHT = "mv_vae_gan_furniture:tuned", "mv_vae_gan_furniture:from_scratch"
_SHARP = "mv_vae_gan_furniture:sharp"
_FROM_SCRATCH = "--config.train.initial_model="

ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        Row("mv_vae_gan_best", _best("mv_vae_gan_best", "more.npz"), 80),
        Row("mv_vae_gan_best:any", _best(*_ANY), 75),
        Row("mv_vae_gan_best:refined", _refined, 150, CORES),
        Row("without_learning", _best(*_ANY), 75, learnt=False),
        Row("gan_best", _best("gan_best", "copies.npz"), 50),
        Row("vae_gan_best", _best("vae_gan_best", "copies.npz"), 30),
        Row("gan", _reference("gan"), 35, CORES),
        Row("vae_gan", _reference("vae_gan")),
        Row("mv_vae_gan", _reference("mv_vae_gan"), 80),
        Row("mv_vae_gan_max", _reference("mv_vae_gan", "max"), 80),
        Row("gan:demo", _demo("gan:demo"), 7, CORES, real=False),
        Row("vae_gan:demo", _demo("vae_gan:demo"), 7, CORES, real=False),
        Row("mv_vae_gan:demo", _demo("mv_vae_gan:demo"), 6, CORES, real=False),
        Row("mv_vae_gan_r2n2:demo", _stand_in, 25, real=False, protocol=True),
        Row(_FURNITURE, _furniture, real=False),
        Row(_FURNITURE_REFINED, _furniture_refined, real=False),
        Row(ZERO_SHOT, _unseen),
        Row(_SHARP, _sharp, 75, CORES),
        Row(_TUNED, _tuned(_TUNED), 20, CORES),
        Row(_UNTAUGHT, _tuned(_UNTAUGHT, _FROM_SCRATCH), 20, CORES),
    )
}
