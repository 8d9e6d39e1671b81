"""Where latents of encoded shapes lie: a mixture of Gaussians, fitted after training.

Training holds the posterior of every view to the prior. The latents that views are
pooled to lie elsewhere: they are wider and depend on each other. So what is drawn from
the prior is not what the generator has learnt to decode. Ghosh et al. 2020, section 4
(https://arxiv.org/abs/1903.12436), fit ten Gaussians to the encoded training shapes
instead, and draw from those: ex-post density estimation.
"""

import dataclasses
import os
import pathlib

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.npz_files import read_npz, write_npz

_FILE = "latents.npz"
_GAUSSIANS = 10
_FEWEST = 50  # latents for each of them
# Of the mean variance, added to each: a Gaussian of fewer latents than these have
# elements would be flat, and draw nothing but blends of them.
_ADDED = 0.05

Latents = Float[np.ndarray, "n latent"]


@dataclasses.dataclass(frozen=True)
class LatentMixture:
    """Gaussians with weights.

    Attributes:
      weights: of the Gaussians; they add up to 1.
      means: of the Gaussians.
      factors: of their covariances; lower triangles L of L Lᵀ.
    """

    weights: Float[np.ndarray, " k"]
    means: Float[np.ndarray, "k latent"]
    factors: Float[np.ndarray, "k latent latent"]

    @classmethod
    def fit(cls, latents: Latents) -> "LatentMixture":
        """The most likely mixture for latents, by expectation maximisation.

        Raises:
          UserError: there is but one.
        """
        if len(latents) < 2:
            raise UserError(
                "shapes cannot be like a single one; name a data set of more"
            )
        latents = latents.astype(np.float64)
        number = min(_GAUSSIANS, len(latents) // _FEWEST)
        added = _ADDED * latents.var(0).mean() + 1e-6
        if number <= 1:
            covariance = np.cov(latents.T, bias=True) + added * np.eye(latents.shape[1])
            parts = np.ones(1), latents.mean(0)[None], covariance[None]
        else:
            from sklearn.mixture import GaussianMixture  # takes seconds to import

            mixture = GaussianMixture(number, reg_covar=added, random_state=0)
            mixture.fit(latents)
            parts = mixture.weights_, mixture.means_, mixture.covariances_
        weights, means, covariances = (part.astype(np.float32) for part in parts)
        return cls(weights, means, np.linalg.cholesky(covariances))

    def draw(self, count: int, seed: int = 0, truncation: float = 1.0) -> Latents:
        """Draws latents, the first of more or fewer alike.

        Args:
          count: how many.
          seed: from 0 up.
          truncation: scales their distance from the mean of their Gaussian.
        """
        choosing, spreading = np.random.default_rng(seed).spawn(2)
        ends = self.weights.cumsum()
        chosen = ends.searchsorted(choosing.random(count) * ends[-1])
        noise = spreading.standard_normal((count, self.means.shape[1]), np.float32)
        latents = self.means[chosen]
        for index in np.unique(chosen):
            rows = chosen == index
            latents[rows] += truncation * noise[rows] @ self.factors[index].T
        return latents

    def save(self, folder: str | os.PathLike, step: int) -> None:
        """Writes `latents.npz`, of a model that was trained for so many steps."""
        path = pathlib.Path(folder) / _FILE
        arrays = {"step": step, **dataclasses.asdict(self)}
        write_npz(path, arrays, compress=True)


def forget_mixture(folder: str | os.PathLike) -> None:
    """Removes a file that is of another model or of an earlier run."""
    (pathlib.Path(folder) / _FILE).unlink(missing_ok=True)


def load_mixture(
    folder: str | os.PathLike, step: int, latent_size: int
) -> LatentMixture | None:
    """That of a finished run or of exported weights; None if it is of another step.

    Raises:
      UserError: the file is damaged, or not of latents of this size.
    """
    path = pathlib.Path(folder) / _FILE
    if not path.exists():
        return None
    elements = _GAUSSIANS * (latent_size**2 + latent_size + 1)
    try:
        file = read_npz(path, most_bytes=4 * elements + 4096)
        mixture = LatentMixture(file["weights"], file["means"], file["factors"])
        _check(mixture, latent_size)
        same = int(file["step"]) == step
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{path} is damaged or of another model; delete it to draw from the prior, "
            "or make it again by the training command or export"
        ) from error
    return mixture if same else None


def _check(mixture: LatentMixture, latent_size: int) -> None:
    """Raises ValueError if shapes or values are impossible."""
    number = len(mixture.weights)
    shapes = (number, latent_size), (number, latent_size, latent_size)
    finite = all(np.isfinite(part).all() for part in dataclasses.astuple(mixture))
    share = mixture.weights.min() >= 0 and abs(mixture.weights.sum() - 1) < 1e-3
    fits = (mixture.means.shape, mixture.factors.shape) == shapes
    if not (finite and share and fits):
        raise ValueError(mixture)
