"""From where pictures were taken, if nobody knows it.

E tells for every picture how likely each azimuth is, and about what the rest of the
camera is, if it has learnt that. The outline of the shape, as it has been reconstructed
from all pictures, tells more: from the right place it is that of the picture. Both are
weighed against each other as likelihoods are. Outlines of front and back differ little,
so the search goes on from two places far from each other, and the likelier end wins.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

from vaegan_jax.inference.camera_agreement import agreed
from vaegan_jax.inference.camera_search import Numbers, Score, climb, resized
from vaegan_jax.models.camera_code import camera_numbers, camera_of
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of
from vaegan_jax.shapes.silhouettes import Outlines
from vaegan_jax.shapes.thresholds import expected_iou_threshold

_APART = 60.0  # degrees between the azimuths of two hypotheses, at least
_SECTORS = 24  # azimuths that are tried, unless E tells others
_ELEVATIONS = (0.0, 15.0, 30.0, 45.0)  # that are tried, unless E tells one
_SIZES = np.exp(np.linspace(-0.5, 0.5, 51))  # that are tried of a known camera
# Chosen on validation shapes, and on held-out real chairs of which E had seen no kind.
# An overlap of outlines that is better by 0.01 makes a camera e^0.3 times as likely.
# Azimuths lie so many degrees from what E tells; elevation, distance and lens so much,
# in its units: of strange things it tells elevations badly, but sizes in pictures well.
_OVERLAP_WEIGHT = 30.0
_AZIMUTH_SPREAD, _SPREAD = 5.0, np.array([0.4, 0.3, 0.1])
# Without E, cameras are thought to be about usual: 15° higher or lower.
_USUAL_SPREAD = np.array([0.5, 1.0, 1.0])
_LEAST_SHARE, _NO_SHARE = 1e-3, 1e-30


@dataclasses.dataclass(frozen=True)
class CameraEstimate:
    """The camera that a picture is, or seems to be, from.

    Attributes:
      camera: the likeliest.
      overlap: intersection over union of the picture's outline with that of the shape
        that it was estimated by, as this camera sees it.
      confidence: how likely it was, if it is this or the other, before the cameras of
        all pictures were made alike.
      other: the likeliest of those that see the shape from elsewhere; None if the
        camera is known.
      of_view: the camera of the view that a known camera's picture became, if that is
        another because the object was moved.
    """

    camera: ViewCamera
    overlap: float
    confidence: float = 1.0
    other: ViewCamera | None = None
    of_view: ViewCamera | None = None


class CameraEstimator:
    """Finds the cameras of the views of one shape.

    Args:
      views: framed as those of training are.
      shape: occupancy probabilities, as it has been reconstructed; its outlines are
        those at its own threshold.
      told: the posteriors of the views, fields (v, ...), of which `azimuth` and
        `camera` may be None.
    """

    def __init__(
        self,
        views: UInt8[np.ndarray, "v h w c"],
        shape: Float[np.ndarray, "x y z"],
        told: Posterior,
    ):
        self._views = views
        shape = np.nan_to_num(shape)  # of a model that has diverged
        self._outlines = Outlines(shape > expected_iou_threshold(shape))
        self._shares = None if told.azimuth is None else _softmax(told.azimuth)
        self._rest = None
        if told.camera is not None:  # within what is possible
            nowhere = np.zeros(len(views))
            self._rest = np.asarray(camera_numbers(camera_of(nowhere, told.camera)))

    @property
    def told(self) -> bool:
        """Whether E tells cameras."""
        return self._shares is not None

    def alone(self, view: int) -> ViewCamera:
        """What E tells of one view, whatever the outlines are like.

        If it tells azimuths alone, the rest is that of the usual ring.
        """
        shares = self._shares[view]
        place = shares.argmax()
        azimuth = _azimuths(shares)[place : place + 1]
        if self._rest is None:
            return dataclasses.replace(ViewCamera(), azimuth_degrees=float(azimuth[0]))
        numbers = camera_of(azimuth, self._rest[view : view + 1])
        return _view_camera(np.asarray(numbers[0], np.float64))

    def estimate(self, view: int) -> CameraEstimate:
        """The camera of one view, of which nothing else is known."""
        score, starts = self._score_of(view), self._starts(view)
        first = climb(score, starts[score(starts).argmax()])

        def elsewhere(cameras: Numbers) -> Float[np.ndarray, " m"]:
            beside = (cameras[:, 0] - first[0][0] + 180) % 360 - 180
            return np.where(np.abs(beside) < _APART, -np.inf, score(cameras))

        second = climb(elsewhere, starts[elsewhere(starts).argmax()])
        (best, high), (other, low) = sorted((first, second), key=lambda end: -end[1])
        confidence = float(1 / (1 + np.exp(low - high)))
        return self._estimate(view, best, other, confidence)

    def estimate_ring(self) -> list[CameraEstimate]:
        """Those of all views, if these go once around the shape in equal steps.

        Where the first is and which way they go is found, as are one elevation and one
        distance for all. The other hypothesis goes the other way.
        """
        count = len(self._views)
        scores = [self._score_of(view) for view in range(count)]
        # Pictures may have been enlarged, each for itself.
        alone = numbers_of([self.estimate(view).camera for view in range(count)])

        def ring(first: Numbers, turn: int) -> Float[np.ndarray, "v m 4"]:
            cameras = np.tile(first, (count, 1, 1))
            cameras[..., 0] += np.arange(count)[:, None] * turn * 360 / count
            cameras[..., 3] = alone[:, 3:]
            return cameras

        starts = np.tile(np.median(alone, axis=0), (_SECTORS, 1))
        starts[:, 0] = np.arange(_SECTORS) * (360 / _SECTORS)
        ends = []
        for turn in (1, -1):

            def score(first: Numbers, turn=turn) -> Float[np.ndarray, " m"]:
                pairs = zip(scores, ring(first, turn), strict=True)
                return np.sum([each(cameras) for each, cameras in pairs], axis=0)

            best, value = climb(score, starts[score(starts).argmax()])
            ends.append((ring(best[None], turn)[:, 0], value))
        (best, high), (other, low) = sorted(ends, key=lambda end: -end[1])
        confidence = float(1 / (1 + np.exp(low - high)))
        return [
            self._estimate(view, best[view], other[view], confidence)
            for view in range(count)
        ]

    def known(self, view: int, camera: ViewCamera, moved: bool) -> CameraEstimate:
        """The known camera of a view.

        Args:
          view: which.
          camera: of its picture.
          moved: the view shows the object at another size than the picture does: it is
            as if of the lens by which outlines are most alike.
        """
        numbers = camera.numbers[None]
        if moved:
            numbers = np.repeat(numbers, len(_SIZES), axis=0)
            numbers[:, 3] = resized(numbers[:, 3], _SIZES)
        overlaps = self._outlines.likeness(self._views[view], numbers)
        best = overlaps.argmax()
        of_view = _view_camera(numbers[best]) if moved else None
        return CameraEstimate(camera, float(overlaps[best]), of_view=of_view)

    def estimate_all(
        self,
        known: Float[np.ndarray, "v 4"],
        moved: Sequence[bool],
        ring: bool = False,
    ) -> list[CameraEstimate]:
        """The cameras of all views, of which some may be known.

        Those that are estimated agree as `camera_agreement` has it.

        Args:
          known: numbers of cameras, NaN where they are not known.
          moved: of each view, see `known`.
          ring: none is known, but that they are a ring, see `estimate_ring`.
        """
        if ring:
            return self.estimate_ring()
        found = [
            self.known(i, ViewCamera(*numbers.tolist()), moved[i])
            if np.isfinite(numbers).all()
            else self.estimate(i)
            for i, numbers in enumerate(np.float64(known))
        ]
        return self._agreeing(found)

    def _agreeing(self, found: list[CameraEstimate]) -> list[CameraEstimate]:
        """Those that are estimated made like all, where these may be alike."""
        together = agreed(numbers_of([one.of_view or one.camera for one in found]))
        return [
            one
            if one.other is None  # it is known
            else self._estimate(i, numbers, one.other.numbers, one.confidence)
            for i, (one, numbers) in enumerate(zip(found, together, strict=True))
        ]

    def _estimate(
        self,
        view: int,
        best: Float[np.ndarray, "4"],
        other: Float[np.ndarray, "4"],
        confidence: float,
    ) -> CameraEstimate:
        overlap = float(self._outlines.likeness(self._views[view], best[None])[0])
        return CameraEstimate(
            _view_camera(best), overlap, confidence, _view_camera(other)
        )

    def _starts(self, view: int) -> Numbers:
        """All around, elevation and lens as E tells or else several."""
        azimuths = np.arange(_SECTORS) * (360 / _SECTORS)
        if self._shares is not None:
            azimuths = _azimuths(self._shares[view])
        count = len(azimuths)
        if self._rest is not None:
            rest = np.tile(self._rest[view], (count, 1))
            return np.asarray(camera_of(azimuths, rest), np.float64)
        usual = Camera()
        lens = usual.distance, usual.field_of_view_degrees
        return np.array([(a, e, *lens) for a in azimuths for e in _ELEVATIONS])

    def _score_of(self, view: int) -> Score:
        """The logarithm of how likely cameras of a view are, but for a constant."""

        def score(cameras: Numbers) -> Float[np.ndarray, " m"]:
            overlap = self._outlines.likeness(self._views[view], cameras)
            score = _OVERLAP_WEIGHT * overlap
            if self._shares is not None:
                score = score + _log_share(self._shares[view], cameras[:, 0])
            if self._rest is not None:
                rest, spread = self._rest[view], _SPREAD
            else:
                rest, spread = camera_numbers(ViewCamera().numbers), _USUAL_SPREAD
            beside = np.asarray(camera_numbers(cameras)) - np.asarray(rest)
            return score - 0.5 * ((beside / spread) ** 2).sum(1)

        return score


def _softmax(logits: Float[np.ndarray, "v n"]) -> Float[np.ndarray, "v n"]:
    shares = np.exp(np.float64(logits - logits.max(-1, keepdims=True)))
    return shares / shares.sum(-1, keepdims=True)


def _azimuths(shares: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """For each sector the azimuth, in degrees, that it and its neighbours tell.

    It lies between their middles, see `camera_code.azimuth_shares`.
    """
    before, after = np.roll(shares, 1), np.roll(shares, -1)
    offsets = (after - before) / np.maximum(before + shares + after, _NO_SHARE)
    return (np.arange(len(shares)) + offsets) * (360 / len(shares))


def _log_share(shares: Float[np.ndarray, " n"], azimuths: np.ndarray) -> np.ndarray:
    """How likely azimuths are: as near those that sectors tell, by their shares."""
    beside = (azimuths[:, None] - _azimuths(shares) + 180) % 360 - 180
    likely = np.exp(-0.5 * (beside / _AZIMUTH_SPREAD) ** 2) @ shares
    return np.log(likely + _LEAST_SHARE)


def _view_camera(numbers: Float[np.ndarray, "4"]) -> ViewCamera:
    azimuth, *rest = numbers.tolist()
    return ViewCamera(azimuth % 360, *rest)


def known_numbers(cameras: Sequence[ViewCamera | None]) -> Float[np.ndarray, "v 4"]:
    """The numbers of known cameras, NaN for those that are not."""
    unknown = np.full(4, np.nan)
    return np.stack([unknown if c is None else c.numbers for c in cameras])
