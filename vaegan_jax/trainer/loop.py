"""The training loop, and what happens every so often."""

import contextlib
import math
import pathlib
import time

import jax
from ml_collections import ConfigDict
from PIL import Image

from vaegan_jax.checkpoints.checkpoint import Checkpoints, abstract_state
from vaegan_jax.data.dataset import training_batches
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.provenance import describe, read_provenance
from vaegan_jax.distributed import multihost
from vaegan_jax.distributed.sharding import device_mesh, local_copy, on_all
from vaegan_jax.evaluate.selection import SCORE, SUMMARY, validate
from vaegan_jax.inference.latent_mixture import forget_mixture
from vaegan_jax.inference.likeness import like_examples
from vaegan_jax.inference.model import Model
from vaegan_jax.models.networks import Networks, build_networks
from vaegan_jax.runtime.interrupts import StopRequest
from vaegan_jax.runtime.memory import readable
from vaegan_jax.trainer import pictures
from vaegan_jax.trainer.profiling import StepTrace
from vaegan_jax.trainer.reporting import (
    Reporter,
    Silence,
    StepMeter,
    duration,
    expectation,
    log,
    summary,
)
from vaegan_jax.trainer.starting_point import (
    StartingPoint,
    begin_with,
    describe_origin,
)
from vaegan_jax.training.optimizers import build_optimizers
from vaegan_jax.training.state import create_state
from vaegan_jax.training.step import make_train_step

# Steps whose time tells how long an epoch will take; the first one compiles.
_TIMED_STEPS = (2, 5)

_SAMPLES = "samples"  # name of a picture
_FEW = 10  # shapes to choose on


class Trainer:
    """One run in a work directory."""

    def __init__(
        self,
        config: ConfigDict,
        workdir: pathlib.Path,
        training: Examples,
        choosing: Examples,
        initial: StartingPoint | None = None,
    ):
        self.config, self.workdir, self.mesh = config, workdir, device_mesh()
        self.training, self.choosing = training, choosing
        self.steps_per_epoch = len(training) / config.train.batch_size
        self.num_steps = config.train.num_steps or self._steps(config.train.num_epochs)
        self.networks: Networks = build_networks(config)
        optimizers = build_optimizers(config, self.steps_per_epoch)
        self.train_step = make_train_step(config, self.networks, optimizers, self.mesh)
        saving = config.checkpoint
        self.save_every = saving.every_steps or self._steps(saving.every_epochs)
        keep_every = saving.keep_every_epochs
        self.keep_every = self._steps(keep_every) if keep_every else 0
        self.checkpoints = Checkpoints(workdir, saving.keep, self.keep_every)
        create = lambda: create_state(  # noqa: E731
            config, self.networks, optimizers, self.mesh
        )
        if self.checkpoints.steps:
            abstract = abstract_state(create, on_all(self.mesh))
            self.state = self.checkpoints.restore(abstract)
        else:
            self.state = create()
            if initial is not None:
                self.state = begin_with(self.state, initial.variables, self.mesh)
        self.origin = None if initial is None else initial.origin
        self.step = int(self.state.step)
        best = self.checkpoints.best
        self.best_score = best[1] if best else -math.inf

    def _steps(self, epochs: float) -> int:
        return max(1, math.ceil(epochs * self.steps_per_epoch))

    def run(self, stop: StopRequest, changed: list[str], trace: StepTrace) -> int:
        """Trains until done or asked to stop; returns the exit status.

        Args:
          stop: asks to stop.
          changed: what is different from the configuration of the run so far, to log.
          trace: of some of the steps.
        """
        self.stop, self.trace = multihost.SharedStop(stop, self.mesh), trace
        with contextlib.ExitStack() as stack:
            stack.callback(self.checkpoints.close)
            stack.callback(self.trace.close)
            self.reporter = (
                Reporter(self.workdir, self.step, self.num_steps)
                if multihost.is_first()
                else Silence()
            )
            stack.callback(self.reporter.close)
            self.meter = StepMeter()
            self._announce()
            for step, damage in self.checkpoints.damaged.items():
                log.warning(
                    f"warning: checkpoint {step} is damaged, not used: {damage}"
                )
            for line in changed:
                log.info(f"changed since the last start: {line}")
            self._loop()
        signum = self.stop.signum
        return 128 + signum if signum and self.step < self.num_steps else 0

    def _announce(self) -> None:
        config, verb = self.config, "resuming" if self.step else "training"
        count = sum(
            leaf.size
            for net in (
                self.state.generator,
                self.state.discriminator,
                self.state.encoder,
                self.state.refiner,
            )
            if net is not None
            for leaf in jax.tree.leaves(net.params)
        )
        log.info(
            f"{verb} {config.algorithm} in {self.workdir} at step {self.step} of "
            f"{self.num_steps}: {len(self.training)} shapes from {config.data.dir} "
            f"and {len(self.choosing)} more ({config.data.choose_on}) to choose on, "
            f"{self.steps_per_epoch:.1f} steps per epoch, {count:,} parameters, "
            f"{jax.device_count()} × {jax.devices()[0].device_kind}"
        )
        if len(self.choosing) < _FEW:
            log.warning(
                f"warning: with {len(self.choosing)} shapes to choose on, which "
                "checkpoint is the best is largely chance"
            )
        if self.origin:
            for line in describe_origin(self.origin, config):
                log.info(line)
        log.info(f"data: {describe(read_provenance(config.data.dir))}")
        if not self.training.in_memory:
            log.info(
                f"the {readable(self.training.nbytes)} of the training shapes stay in "
                "the file: each batch is read from there"
            )

    def _loop(self) -> None:
        config = self.config
        batches = training_batches(
            config.data.dir,
            self.training,
            config.train.batch_size,
            config.data.num_views,
            config.seed,
            self.step,
            self.mesh,
            in_order=config.model.azimuths > 0 and config.model.azimuth_heads,
        )
        first, marks = self.step, {}
        if self.step == 0 and multihost.is_first():
            forget_mixture(self.workdir)
        if self.step < self.num_steps:
            log.info("compiling the training step, which takes up to some minutes")
        while self.step < self.num_steps and not self.stop.agreed():
            started = time.perf_counter()
            batch = next(batches)
            wait = time.perf_counter() - started
            self.state, metrics = self.train_step(self.state, batch)
            self.step += 1
            self.meter.add(self.step, metrics, wait)
            self.reporter.advance(self.step)
            done = self.step - first
            self.trace.after(done, metrics)
            if done in _TIMED_STEPS:
                jax.block_until_ready(metrics)
                marks[done] = time.perf_counter()
                if done == _TIMED_STEPS[1]:
                    self._estimate(marks)
            if self._due(config.train.log_every_steps):
                self._log()
            self._occasionally()
        self._save()
        self.checkpoints.wait()
        if self.step < self.num_steps:
            log.info(
                f"stopped by a signal; saved step {self.step} of {self.num_steps} in "
                f"{self.workdir}: the same command goes on from there"
            )
        else:
            self._learn_likeness(again=first == self.step)
            log.info(f"finished all {self.num_steps} steps in {self.workdir}")

    def _due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.num_steps

    def _estimate(self, marks: dict[int, float]) -> None:
        """Says how long an epoch will take; on a CPU, points to the demo if it must."""
        first, last = _TIMED_STEPS
        seconds = (marks[last] - marks[first]) / (last - first)
        left = seconds * (self.num_steps - self.step)
        for line in expectation(
            seconds * self.steps_per_epoch, left, self.config.algorithm
        ):
            log.info(line)

    def _log(self) -> None:
        self.checkpoints.check()
        values = self.meter.drain(self.config.train.batch_size)
        self.reporter.scalars(self.step, values)
        remaining = (self.num_steps - self.step) / values["speed/steps_per_second"]
        text = summary(values)
        self.reporter.describe(text)
        log.info(
            f"step {self.step}/{self.num_steps} "
            f"epoch {self.step / self.steps_per_epoch:.1f} {text} "
            f"{values['speed/steps_per_second']:.2f} steps/s "
            f"wait {values['speed/data_wait_share']:.1%} left {duration(remaining)}"
        )

    def _occasionally(self) -> None:
        """Evaluates, saves and draws when due; none of it counts as training time."""
        options = self.config.train
        save = self._due(self.save_every)
        save |= bool(self.keep_every) and self._due(self.keep_every)
        evaluation = self._due(self._steps(options.evaluate_every_epochs))
        drawing = self._due(self._steps(options.pictures_every_epochs))
        if not (save or evaluation or drawing):
            return
        if len(self.meter):
            self._log()
        model = self._model()
        # All of it before saving: what is not logged by then is not after a resume.
        score = None
        if evaluation:
            score = multihost.from_first(
                lambda: self.stop.attempt(self._evaluate, model)
            )
        if drawing and multihost.is_first():
            self.stop.attempt(self._draw, model)
        if save or (score is not None and score > self.best_score):
            self._save(score)
        self.meter.restart()

    def _model(self) -> Model:
        variables = local_copy(self.state.sampling_variables())
        return Model(self.config, self.networks, variables, self.step)

    @property
    def _likens(self) -> bool:
        """Whether new shapes are like the training shapes once training has ended."""
        return self.networks.encoder is not None and len(self.training) > 1

    def _learn_likeness(self, again: bool) -> None:
        """Leaves what makes new shapes like the training shapes, and draws such.

        Only now, when the last state is safe: this may fail for want of memory.

        Args:
          again: training had ended before this start, which draws what is missing.
        """
        if not self._likens:
            return
        model = self._model()
        if not multihost.is_first():
            return
        log.info("fitting what new shapes are drawn from to the training shapes")
        drawn = again and self.reporter.has_picture(_SAMPLES, self.step)
        made = self.stop.attempt(self._liken, model, not drawn)
        if made is None:
            log.warning("broken off by a signal: the same command does it again")
            return
        like, picture = made
        like.mixture.save(self.workdir, self.step)
        if picture is not None:
            self.reporter.picture(_SAMPLES, self.step, picture)

    def _liken(self, model: Model, drawing: bool) -> tuple[Model, Image.Image | None]:
        like = like_examples(model, self.training)
        return like, pictures.samples(like) if drawing else None

    def _draw(self, model: Model) -> None:
        if not (self._likens and self.step == self.num_steps):
            self.reporter.picture(_SAMPLES, self.step, pictures.samples(model))
        if self.networks.encoder is not None:
            picture = pictures.reconstructions(model, self.choosing)
            self.reporter.picture("reconstructions", self.step, picture)

    def _evaluate(self, model: Model) -> float:
        values, where = validate(model, self.choosing), self.config.data.choose_on
        self.reporter.scalars(
            self.step, {f"{where}/{name}": value for name, value in values.items()}
        )
        log.info(
            f"step {self.step}: {where}: "
            + ", ".join(f"{n} {values[n]:.4g}" for n in SUMMARY if n in values)
        )
        return values[SCORE]

    def _save(self, score: float | None = None) -> None:
        if len(self.meter):
            self._log()  # raises if anything is not finite, before it can be saved
        self.reporter.flush()
        self.checkpoints.save(self.state, score)
        if score is not None:
            self.best_score = max(self.best_score, score)
