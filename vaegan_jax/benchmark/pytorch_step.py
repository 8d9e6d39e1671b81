"""One training step in PyTorch, twice: as published, and at its best.

Both update D, then E, then G, with the losses of `training.losses`. What differs is
work. `published` encodes view after view, lets D's loss run back into G, and G's into D
and E, whose gradients nobody uses, and keeps convolutions where products would do.
`best` encodes all views as one batch, with joint BatchNorm statistics, the cheapest;
asks for no gradient in vain; takes the gradients of the reconstruction that E and G
share in one pass; has Adam in one kernel; and may use channels-last memory and
`torch.compile`. R, the refiner, which the original lacks, learns in the best way alone.
"""

from typing import Any, Literal, NamedTuple

import jax
import torch
import torch.nn.functional as F
from ml_collections import ConfigDict
from torch.distributions import Normal, kl_divergence

from vaegan_jax.benchmark import pytorch_networks as networks
from vaegan_jax.benchmark.pytorch_evidence import read_views
from vaegan_jax.benchmark.pytorch_frame import estimate, hull_ends, misplaced
from vaegan_jax.models.prior import build_prior
from vaegan_jax.training.optimizers import REFINER_BETAS

Way = Literal["published", "best"]
Losses = dict[str, torch.Tensor]


class Draws(NamedTuple):
    """Everything random in a step."""

    discriminator_latents: torch.Tensor  # (b, latent), to generate for D's update
    generator_latents: torch.Tensor  # (b, latent), for G's update
    real_labels: torch.Tensor  # (b)
    fake_labels: torch.Tensor  # (b)
    noise: torch.Tensor  # (b, v, latent), standard normal


class PyTorchStep:
    """Networks, optimizers, and a step that changes them.

    Args:
      config: a completed configuration; learning rates stay at their first value, R's
        at its highest. Nothing is augmented, all views are seen and of known cameras.
      state: where to start, a `TrainState` of that configuration.
      way: "published" or "best", see the module's docstring.
      channels_last: memory format of parameters and inputs.
      compiled: whether the networks go through `torch.compile`.
      dense_ends: whether G's first and D's last layer are products; by default in the
        best way.

    Attributes:
      params: by network, then as in `pytorch_networks`.
      stats: running statistics, likewise; "decoder" are G's over posterior samples.
      optimizers: by network, of those that learn.

    Raises:
      ValueError: R is to learn in the published way.
    """

    def __init__(
        self,
        config: ConfigDict,
        state: Any,
        way: Way,
        channels_last: bool = False,
        compiled: bool = False,
        dense_ends: bool | None = None,
    ):
        if state.refiner and way != "best":
            raise ValueError("R learns in the best way alone")
        self.config, self.way = config, way
        dense_ends = way == "best" if dense_ends is None else dense_ends
        self._formats = {}
        if channels_last:
            self._formats = {4: torch.channels_last, 5: torch.channels_last_3d}
        through = torch.compile if compiled else (lambda function: function)
        self._generator = through(networks.generator)
        self._discriminator = through(networks.discriminator)
        self._encoder = through(networks.encoder)
        self._refiner = through(networks.refiner)
        self._read_views = through(read_views)
        self._misplaced = through(misplaced)
        names = ["generator", "discriminator", "encoder", "refiner"]
        nets = {name: getattr(state, name) for name in names if getattr(state, name)}
        self.params, self.stats, self.optimizers = {}, {}, {}
        for name, net in nets.items():
            # R has no such ends.
            dense = dense_ends or name == "refiner"
            params = networks.from_flax(net.params, dense)
            params = jax.tree.map(self._formatted, params)
            self.params[name] = jax.tree.map(lambda p: p.requires_grad_(), params)
            self.stats[name] = jax.tree.map(networks.tensor, net.batch_stats)
            if name != "refiner" and config.train.only_refiner:
                continue
            betas = REFINER_BETAS if name == "refiner" else config.optimizer.betas
            self.optimizers[name] = torch.optim.Adam(
                self._leaves(name),
                lr=config.optimizer[f"{name}_lr"],
                betas=tuple(betas),
                fused=way == "best",
            )
        if "encoder" in nets:
            self.stats["decoder"] = jax.tree.map(networks.tensor, state.decoder_stats)

    def __call__(
        self,
        voxels: torch.Tensor,
        views: torch.Tensor | None = None,
        cameras: torch.Tensor | None = None,
        draws: Draws | None = None,
    ) -> Losses:
        """Takes one step.

        Args:
          voxels: uint8 (b, x, y, z).
          views: uint8 (b, v, h, w, c), unless it is a plain GAN; grey for R.
          cameras: (b, v, 4) of the views, for R.
          draws: by default new ones.

        Returns:
          The losses, by the names that the JAX step gives them.
        """
        draws = draws or self._draw(len(voxels), 0 if views is None else views.shape[1])
        voxels = self._formatted(voxels.float()[:, None])
        shown = None
        if "refiner" in self.params:
            shown = self._show(views, cameras, voxels)
        if views is not None:
            views = views.permute(0, 1, 4, 2, 3)
        if self.config.train.only_refiner:
            with torch.no_grad():
                posterior = self._encode_all(views, train=False)
            return self._update_refiner(voxels, shown, self._pool(posterior, draws))
        losses = self._update_discriminator(voxels, draws)
        if self.way == "best":
            return losses | self._update_rest(voxels, views, draws, shown)
        return losses | self._update_rest_plainly(voxels, views, draws)

    # --- the two ways ----------------------------------------------------------------

    def _update_discriminator(self, voxels, draws) -> Losses:
        with torch.set_grad_enabled(self.way == "published"):
            logits = self._generator(
                self.params["generator"], None, draws.discriminator_latents
            )
            fake = torch.sigmoid(logits)
        params, stats = self.params["discriminator"], self.stats["discriminator"]
        real_logits = self._discriminator(params, stats, voxels, self.config.model.leak)
        fake_logits = self._discriminator(params, stats, fake, self.config.model.leak)
        loss = F.binary_cross_entropy_with_logits(real_logits, draws.real_labels)
        loss = loss + F.binary_cross_entropy_with_logits(fake_logits, draws.fake_labels)
        accuracy = (real_logits > 0).float().mean() + (fake_logits < 0).float().mean()
        if accuracy / 2 <= self.config.loss.discriminator_threshold:
            if self.way == "published":
                self._clear("discriminator")
                loss.backward()
                self.optimizers["discriminator"].step()
            else:
                self._step("discriminator", self._gradients(loss, "discriminator"))
        return {"loss/discriminator": loss.detach()}

    def _update_rest_plainly(self, voxels, views, draws) -> Losses:
        losses, loss, kept = {}, 0.0, []
        if views is not None:
            posteriors = [self._encode(views[:, v]) for v in range(views.shape[1])]
            mean, log_variance = (
                torch.stack(x, 1) for x in zip(*posteriors, strict=True)
            )
            loss, kl = self._reconstruct(voxels, (mean, log_variance), draws)
            losses["loss/encoder"] = (loss + kl).detach()
            self._clear("encoder")
            (loss + kl).backward(retain_graph=True)
            # That the original walks this graph twice is inferred from how many
            # operations it needs, not read in its code. Had E stepped in between,
            # PyTorch would refuse; so E waits, with the gradients that it has now.
            kept = [leaf.grad for leaf in self._leaves("encoder")]
            self._clear("encoder")
        self._clear("generator")
        adversarial = self._adversarial(self.params["discriminator"], draws)
        (self.config.loss.adversarial_weight * adversarial + loss).backward()
        self.optimizers["generator"].step()
        if views is not None:
            self._step("encoder", kept)
        return losses | {"loss/adversarial": adversarial.detach()}

    def _update_rest(self, voxels, views, draws, shown) -> Losses:
        losses, shared = {}, None
        if views is not None:
            posterior = self._encode_all(views)
            if shown is not None:  # before G and its statistics change
                latents = self._pool(posterior, draws).detach()
                losses |= self._update_refiner(voxels, shown, latents)
            loss, kl = self._reconstruct(voxels, posterior, draws)
            losses["loss/encoder"] = (loss + kl).detach()
            gradients = self._gradients(loss + kl, "encoder", "generator")
            ours = len(self._leaves("encoder"))
            self._step("encoder", gradients[:ours])
            shared = gradients[ours:]
        frozen = jax.tree.map(lambda p: p.detach(), self.params["discriminator"])
        adversarial = self._adversarial(frozen, draws)
        weighted = self.config.loss.adversarial_weight * adversarial
        gradients = self._gradients(weighted, "generator")
        if shared is not None:
            gradients = [a + b for a, b in zip(gradients, shared, strict=True)]
        self._step("generator", gradients)
        return losses | {"loss/adversarial": adversarial.detach()}

    def _update_refiner(self, voxels, shown, latents) -> Losses:
        with torch.no_grad():
            logits = self._generator(
                *(self.params["generator"], self.stats["decoder"], latents),
                train=False,
            )
        params, (frame, hull, evidence) = self.params["refiner"], shown
        refined = self._refiner(params, self.stats["refiner"], *evidence, logits)
        loss = self._error(refined, voxels)
        off = self._misplaced(
            params[networks.FRAME_ESTIMATOR], hull, evidence[1], logits, frame
        )
        self._step("refiner", self._gradients(loss + off, "refiner"))
        return {"loss/refiner": loss.detach(), "loss/refiner_frame": off.detach()}

    @torch.no_grad()
    def _show(self, views, cameras, voxels):
        """Where grids are, where hulls end, and what `read_views` returns."""
        frame = estimate(voxels[:, 0])
        evidence = self._read_views(views, cameras, *frame, voxels.shape[-1])
        # Compiled, hulls would be carved anew for each of the maxima over them.
        return frame, hull_ends(views, cameras), evidence

    # --- what they share -------------------------------------------------------------

    def _encode(self, images, train=True):
        images = self._formatted(images)
        params, stats = self.params["encoder"], self.stats["encoder"]
        return self._encoder(params, stats, images, train=train)

    def _encode_all(self, views, train=True):
        """Mean and log-variance (b, v, latent), of all views as one batch."""
        posterior = self._encode(views.flatten(0, 1), train)
        return [x.unflatten(0, views.shape[:2]) for x in posterior]

    def _pool(self, posterior, draws):
        """Latents (b, latent), of samples of each view."""
        mean, log_variance = posterior
        samples = mean + torch.exp(log_variance / 2) * draws.noise
        pool = torch.amax if self.config.model.pooling == "max" else torch.mean
        return pool(samples, 1)

    def _error(self, logits, voxels):
        """Of a reconstruction, summed over the grid."""
        if self.config.loss.reconstruction == "cross_entropy":
            error = F.binary_cross_entropy_with_logits(logits, voxels, reduction="sum")
        else:
            error = ((torch.sigmoid(logits) - voxels) ** 2).sum()
        return error / len(voxels)

    def _reconstruct(self, voxels, posterior, draws):
        """Reconstruction error and KL divergence, weighted."""
        options, (mean, log_variance) = self.config.loss, posterior
        logits = self._generator(
            self.params["generator"],
            self.stats["decoder"],
            self._pool(posterior, draws),
        )
        prior = Normal(0.0, build_prior(self.config).standard_deviation)
        deviation = torch.exp(log_variance / 2)
        divergence = kl_divergence(Normal(mean, deviation, validate_args=False), prior)
        return (
            options.reconstruction_weight * self._error(logits, voxels),
            options.kl_weight * divergence.sum(-1).mean(),
        )

    def _adversarial(self, judge, draws):
        logits = self._generator(
            self.params["generator"], self.stats["generator"], draws.generator_latents
        )
        judged = self._discriminator(
            judge, None, torch.sigmoid(logits), self.config.model.leak
        )
        return -F.logsigmoid(judged).mean()

    def _draw(self, batch: int, views: int) -> Draws:
        config, options = self.config, self.config.loss
        prior = build_prior(config)
        shape = (batch, config.model.latent_size)
        latents = lambda: (  # noqa: E731
            (torch.rand(shape) * 2 - 1) * prior.scale
            if prior.distribution == "uniform"
            else torch.randn(shape) * prior.scale
        )
        labels = lambda bounds: torch.empty(batch).uniform_(*bounds)  # noqa: E731
        return Draws(
            latents(),
            latents(),
            labels(options.real_labels) if options.soft_labels else torch.ones(batch),
            labels(options.fake_labels) if options.soft_labels else torch.zeros(batch),
            torch.randn(batch, views, config.model.latent_size),
        )

    def _formatted(self, x):
        return x.contiguous(
            memory_format=self._formats.get(x.ndim, torch.contiguous_format)
        )

    def _leaves(self, *names: str) -> list[torch.Tensor]:
        return [leaf for name in names for leaf in jax.tree.leaves(self.params[name])]

    def _gradients(self, loss, *names: str):
        return torch.autograd.grad(loss, self._leaves(*names))

    def _clear(self, name: str) -> None:
        for leaf in self._leaves(name):
            leaf.grad = None

    def _step(self, name: str, gradients) -> None:
        for leaf, gradient in zip(self._leaves(name), gradients, strict=True):
            # The fused Adam takes numbers as they lie in memory, whatever the strides.
            if gradient.stride() != leaf.stride():
                gradient = torch.empty_like(leaf).copy_(gradient)
            leaf.grad = gradient
        self.optimizers[name].step()
