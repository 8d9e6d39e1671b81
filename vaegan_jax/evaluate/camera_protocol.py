"""How well it is told from where pictures were taken, where that is known.

The error of a camera is the angle between the directions from the shape to it and to
the true one, in azimuth and elevation together.
"""

import dataclasses
import pathlib
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from vaegan_jax.data.examples import Examples
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate import tables
from vaegan_jax.evaluate.report import to_json, write_text
from vaegan_jax.evaluate.subject import Options, load_subject, open_for
from vaegan_jax.inference.camera_estimates import CameraEstimator
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import encode_all, view_subsets
from vaegan_jax.runtime.progress import Progress
from vaegan_jax.shapes.cameras import ViewCamera, numbers_of

VIEW_COUNTS = (1, 3, 6, 12, 24)
ALONE, COMPARED = "E alone", "outlines compared"
_NEAR, _TURNED = 15.0, 120.0  # degrees


@dataclasses.dataclass(frozen=True)
class CameraRow:
    """The errors of the cameras of all views that are seen together with so many.

    Attributes:
      way: how they are told.
      views: of each shape.
      angles: between directions, in degrees.
      azimuths: in degrees; of a view that is turned round, about 180.
      elevations: in degrees.
      distances: as shares: 0.1 is a tenth too near or too far.
    """

    way: str
    views: int
    angles: Float[np.ndarray, " m"]
    azimuths: Float[np.ndarray, " m"]
    elevations: Float[np.ndarray, " m"]
    distances: Float[np.ndarray, " m"]

    def summary(self) -> dict[str, float]:
        """Medians, and shares of all."""
        return {
            "median_angle": float(np.median(self.angles)),
            "within_15": float((self.angles < _NEAR).mean()),
            "turned_round": float((self.azimuths > _TURNED).mean()),
            "median_elevation_error": float(np.median(self.elevations)),
            "median_distance_error": float(np.median(self.distances)),
        }


def evaluate_cameras(
    workdir: str | pathlib.Path, options: Options
) -> tuple[list[CameraRow], dict[str, Any]]:
    """Measures the model of a work directory.

    Returns:
      The rows, and what was measured, for `write_cameras`.

    Raises:
      UserError: work directory, checkpoint or data do not fit, the model has no
        encoder, or the data set tells no cameras.
    """
    model, _ = load_subject(workdir, options)
    model.require_encoder()
    data_dir = options.data_dir or model.config.data.dir
    if not data_dir:
        raise UserError(f"{workdir} does not name its data set; give --data_dir")
    examples = open_for(model, data_dir, options.split)
    known = _known(examples)
    if not known.any():
        raise UserError(
            f"{data_dir} does not tell from where its views are; make it again with "
            "vaegan prepare-data, or name another"
        )
    examples = examples.take(np.nonzero(known)[0])
    about = {
        "workdir": str(workdir),
        "algorithm": model.config.algorithm,
        "step": model.step,
        "data": str(data_dir),
        "split": options.split,
        "shapes": len(examples),
        "without_cameras": int((~known).sum()),
    }
    return measure_cameras(model, examples), about


def _known(examples: Examples) -> Bool[np.ndarray, " n"]:
    if examples.cameras is None:
        return np.zeros(len(examples), bool)
    return np.isfinite(examples.cameras).all((1, 2))


def measure_cameras(model: Model, examples: Examples) -> list[CameraRow]:
    """Rows for each number of views that the examples have.

    Of each shape that many views are drawn, it is reconstructed from them, and the
    camera of each of them is told.

    Args:
      model: with an encoder.
      examples: with cameras of all views.
    """
    stored = examples.views.shape[1]
    counts = [count for count in VIEW_COUNTS if count <= stored]
    posteriors, rows = encode_all(model, examples), []
    total, unknown = len(examples) * len(counts), np.full((stored, 4), np.nan)
    nothing = np.zeros((model.config.model.resolution,) * 3, np.float32)
    with Progress("cameras", total=total) as progress:
        for views in counts:
            subset = view_subsets(len(examples), stored, views, seed=0)
            told = {ALONE: [], COMPARED: []}
            for shape, chosen in enumerate(subset):
                seen = posteriors.at((slice(shape, shape + 1), chosen))
                pictures = examples.views[shape, chosen][None]
                stay = [False] * views
                found = model.find_cameras(seen, pictures, unknown[:views], stay)
                told[COMPARED].append([one.camera for one in found])
                estimator = CameraEstimator(pictures[0], nothing, seen.at(0))
                if estimator.told:
                    told[ALONE].append([estimator.alone(i) for i in range(views)])
                progress.update()
            truth = np.take_along_axis(examples.cameras, subset[..., None], axis=1)
            rows += [_row(way, views, found, truth) for way, found in told.items()]
    return [row for row in rows if len(row.angles)]


def _row(way: str, views: int, told: list[list[ViewCamera]], truth) -> CameraRow:
    found = np.concatenate([numbers_of(each) for each in told] or [np.zeros((0, 4))])
    truth = np.float64(truth.reshape(-1, 4))[: len(found)]
    cosines = (_directions(found) * _directions(truth)).sum(-1)
    return CameraRow(
        way,
        views,
        np.rad2deg(np.arccos(np.clip(cosines, -1, 1))),
        np.abs((found[:, 0] - truth[:, 0] + 180) % 360 - 180),
        np.abs(found[:, 1] - truth[:, 1]),
        np.exp(np.abs(np.log(found[:, 2] / truth[:, 2]))) - 1,
    )


def _directions(cameras: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, "m 3"]:
    azimuth, elevation = np.deg2rad(cameras[:, 0]), np.deg2rad(cameras[:, 1])
    around = np.sin(azimuth), -np.cos(azimuth)
    flat = np.stack(around, -1) * np.cos(elevation)[:, None]
    return np.concatenate([flat, np.sin(elevation)[:, None]], -1)


def write_cameras(
    output: pathlib.Path, rows: list[CameraRow], about: dict[str, Any]
) -> dict[str, Any]:
    """Writes `cameras.md` and `cameras.json`; returns what is in the latter."""
    output.mkdir(parents=True, exist_ok=True)
    summaries = [{"way": r.way, "views": r.views, **r.summary()} for r in rows]
    numbers = {"about": about, "rows": summaries}
    write_text(output / "cameras.json", to_json(numbers))
    write_text(output / "cameras.md", format_cameras(rows, about))
    return numbers


def format_cameras(rows: list[CameraRow], about: dict[str, Any]) -> str:
    """The table of a report."""
    text = (
        f"# Cameras\n\n{about['algorithm']} at step {about['step']} in "
        f"{about['workdir']}: {about['shapes']} shapes of {about['split']} in "
        f"{about['data']}"
    )
    if about["without_cameras"]:
        text += f", without {about['without_cameras']} whose cameras are not known"
    header = ["cameras told by", "views", "median angle", f"within {_NEAR:.0f}°"]
    header += ["turned round", "elevation", "distance"]
    cells = []
    for row in rows:
        values = row.summary()
        cells.append(
            [
                *(row.way, str(row.views), f"{values['median_angle']:.1f}°"),
                f"{values['within_15']:.1%}",
                f"{values['turned_round']:.1%}",
                f"{values['median_elevation_error']:.1f}°",
                f"{values['median_distance_error']:.1%}",
            ]
        )
    note = (
        "Angles are between the directions to the camera that is told and to the true "
        "one. Elevation and distance are median errors; turned round is what is over "
        f"{_TURNED:.0f}° off in azimuth. Views are drawn, outlines compared with "
        "the shape as it is reconstructed from as many, and the cameras of a shape "
        "made alike where they differ as estimates do."
    )
    return "\n\n".join([text + ".", tables.table(header, cells), note]) + "\n"
