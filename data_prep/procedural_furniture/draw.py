"""Random choices that are written down under their names."""

from collections.abc import Sequence
from typing import Any

import numpy as np

_DIGITS = 4  # of lengths, so that what is recorded is what is built


class Draw:
    """Draws the parameters of a shape, and keeps them in `parameters`.

    A name is drawn once; parts of a shape that are drawn alike have names of their own,
    see `part`.
    """

    def __init__(self, rng: np.random.Generator):
        self._rng = rng
        self._prefix = ""
        self.parameters: dict[str, Any] = {}

    def part(self, name: str) -> "Draw":
        """Draws from the same numbers, and records under `<name>.`."""
        part = Draw(self._rng)
        part._prefix = f"{self._prefix}{name}."
        part.parameters = self.parameters
        return part

    def number(self, name: str, low: float, high: float) -> float:
        """A length, angle or share, evenly distributed."""
        return self._keep(name, round(float(self._rng.uniform(low, high)), _DIGITS))

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return self._keep(name, int(self._rng.integers(low, high + 1)))

    def chance(self, name: str, share: float) -> bool:
        """True in that share of all shapes."""
        return self._keep(name, bool(self._rng.random() < share))

    def choice(
        self, name: str, options: Sequence[str], weights: Sequence[float] | None = None
    ) -> str:
        """One of the options, equally likely unless weights tell otherwise."""
        shares = None if weights is None else np.array(weights) / np.sum(weights)
        return self._keep(name, str(self._rng.choice(list(options), p=shares)))

    def _keep(self, name: str, value: Any) -> Any:
        key = self._prefix + name
        if key in self.parameters:
            raise ValueError(f"the parameter {key} is drawn twice")
        self.parameters[key] = value
        return value
