"""A packed data set with deformed copies of its training shapes, and further chairs."""

import dataclasses
import functools
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from vaegan_jax.data import packed_source
from vaegan_jax.data.dataset import existing
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.held_out import deformed_name, procedural_name
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.data.view_cameras import known_or_usual, recorded_ring
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.colours import MODES
from vaegan_jax.shapes.copies import mirror_digest
from vaegan_jax.shapes.frames import scale_of_box
from vaegan_jax.shapes.random_cameras import KINDS, cameras_of, views_of
from vaegan_jax.shapes.voxelize import voxelize

from ..making.parallel import parallel_map
from ..procedural_chairs.chairs import build_chair
from ..procedural_chairs.parameters import ChairParameters, sample_parameters
from .deformation import Deformer
from .view_jitter import ViewTaker

_SPLIT = "train"


def deform_packed(
    data: str | pathlib.Path,
    output: str | pathlib.Path,
    copies: int = 4,
    seed: int = 0,
    procedural: int = 0,
    jitter: bool = False,
    cameras: str = "own",
) -> None:
    """Writes a packed file that has more shapes to train on; the rest stays.

    All training shapes come first, as often as makes about a third of what there is
    (with one copy, half): pictures of the copies are drawn from voxels, and look a
    little otherwise than pictures of the shapes. The file tells the cameras of all.
    Voxels have no colours: beside views in colour, those of what is added are grey, in
    as many channels.

    Args:
      data: the packed file, with views.
      output: the `.npz` to write.
      copies: how many of each shape.
      seed: of the deformations and of the parametric chairs, from 0 up.
      procedural: how many parametric chairs to add besides, as surfaces.
      jitter: views of what is added come from near their cameras (`view_jitter`).
      cameras: of what is added: "own", those of the shape's own views, or the default
        ones where they are unknown; or drawn anew as `cameras_of` takes it, by the
        seed, as many as each shape has views.

    Raises:
      UserError: the file is damaged, deformed or taught already, or without square
        views; a grid is empty; the output's name, the seed or the cameras are
        impossible; what is added equals a shape of another split, mirrored or not.
    """
    packed_source.check_name(output)
    if jitter and cameras in KINDS:
        raise UserError(
            f"cameras of the kind {cameras!r} are at random already, each from a place "
            "of its own; leave --jitter out"
        )
    if seed < 0:
        raise UserError(f"the seed is {seed}; it must be 0 or more")
    data = existing(data)
    found, facts = _read(data)
    examples = found[_SPLIT]
    deformer = _deformer(data, facts, examples, jitter)
    places = _Places(examples, seed, cameras)
    found[_SPLIT] = _extend(examples, copies, seed, deformer, places)
    made = {"copies": copies, "seed": seed}
    if cameras != "own":
        made["cameras"] = cameras
    if jitter:
        made["jitter"] = True
    if examples.views.shape[-1] > 1:
        made["views"] = "grey"
    if procedural:
        rings = places.of_chairs(procedural)
        more = _add_procedural(found[_SPLIT], procedural, seed, deformer, rings)
        found[_SPLIT] = more
        made["procedural"] = procedural
    _check_apart(found, len(examples) * _repeats(copies))
    packed_source.write(output, found, facts | {"deformed": made})


def _read(data: pathlib.Path) -> tuple[dict[str, Examples], dict[str, Any]]:
    """All splits of a file that copies can be added to, and how it was made."""
    splits, _ = packed_source.contents(data)
    found = {
        split: packed_source.read_split(data, split, with_targets=True)
        for split in splits
    }
    if _SPLIT not in found:
        raise UserError(f"{data} has no split {_SPLIT!r}; it has {splits}")
    facts, examples = read_provenance(data), found[_SPLIT]
    if "deformed" in facts:
        raise UserError(f"{data} has deformed copies already; name what they are of")
    if examples.targets is not None:
        raise UserError(
            f"{data} has targets, which copies have not; name the file "
            "they were made for, and teach its deformed copies"
        )
    for name, grid in zip(examples.names, examples.voxels, strict=True):
        if not grid.any():
            raise UserError(f"{data}: {name} is empty; leave it out")
    return found, facts


def _check_apart(splits: dict[str, Examples], count: int) -> None:
    """Raises a `UserError` if what comes after `count` shapes is in another split."""
    elsewhere = {
        mirror_digest(grid): f"{name} of split {split}"
        for split, examples in splits.items()
        if split != _SPLIT
        for name, grid in zip(examples.names, examples.voxels, strict=True)
    }
    extended = splits[_SPLIT]
    # What the split shared with others before is shared still, and no news.
    for grid in extended.voxels[:count]:
        elsewhere.pop(mirror_digest(grid), None)
    names, grids = extended.names[count:], extended.voxels[count:]
    for name, grid in zip(names, grids, strict=True):
        if other := elsewhere.get(mirror_digest(grid)):
            raise UserError(
                f"{name}, which was to be added, is {other}; choose another --seed"
            )


def _deformer(
    data: pathlib.Path, facts: dict[str, Any], examples: Examples, jitter: bool
) -> Deformer:
    num_views, height, width, channels = examples.views.shape[1:]
    try:
        recorded_ring(facts, num_views)
    except UserError as error:
        raise UserError(f"{data}: {error}") from error
    if height != width or channels not in MODES:
        raise UserError(
            f"{data} has views of {height} × {width} × {channels}; they must be square "
            "and grey or of three channels"
        )
    centred = facts.get("voxelizer", {}).get("centred", True)
    return Deformer(ViewTaker(height, jitter), centred)


@dataclasses.dataclass(frozen=True)
class _Places:
    """Where views of what is added are taken from; see `deform_packed`."""

    examples: Examples
    seed: int
    kind: str

    @functools.cached_property
    def own(self) -> list[list[ViewCamera]]:
        """Cameras of the views of every shape there is, or the default ones."""
        stored = self.examples.cameras
        rows = [None] * len(self.examples) if stored is None else stored
        return [known_or_usual(row, self.examples.views.shape[1]) for row in rows]

    def of_copies(self, copy: int) -> list[list[ViewCamera]]:
        """Cameras of the copies of every shape."""
        if self.kind == "own":
            return self.own
        return [self._drawn(copy, i, 2) for i in range(len(self.examples))]

    def of_chairs(self, count: int) -> list[list[ViewCamera]]:
        """Different sets of cameras, of which parametric chairs take turns."""
        # Of rings all are the same, and processes are given what they need.
        if self.kind == "own":
            return _distinct(self.own)
        return _distinct([self._drawn(i, 0, 3) for i in range(count)])

    def _drawn(self, *place: int) -> list[ViewCamera]:
        # By other seeds than stretches (three numbers) and jitter of chairs (a last 1).
        cameras = cameras_of(self.kind, self.examples.views.shape[1])
        return views_of(cameras, (self.seed, *place))


def _stored(examples: Examples) -> Float[np.ndarray, "n v 4"]:
    if examples.cameras is not None:
        return examples.cameras
    return np.full((*examples.views.shape[:2], 4), np.nan, np.float32)


def _stored_scales(examples: Examples) -> Float[np.ndarray, " n"]:
    if examples.scales is not None:
        return examples.scales
    return np.full(len(examples), np.nan, np.float32)


def _like_stored(
    views: Sequence[UInt8[np.ndarray, "v h w"]], examples: Examples
) -> UInt8[np.ndarray, "n v h w c"]:
    """Grey views in as many channels as those that there are."""
    return np.repeat(np.array(views)[..., None], examples.views.shape[-1], axis=-1)


def _repeats(copies: int) -> int:
    """How often each shape stays as it is."""
    return max(1, round(copies / 2))


def _extend(
    examples: Examples, copies: int, seed: int, deformer: Deformer, places: _Places
) -> Examples:
    grids = examples.voxels.astype(bool)
    jobs = [
        (grids[i], (seed, copy, i), ring)
        for copy in range(copies)
        for i, ring in enumerate(places.of_copies(copy))
    ]
    made = parallel_map(
        deformer, jobs, "deforming", name=lambda job: examples.names[job[1][2]]
    )
    voxels, views, cameras, scales = zip(*made, strict=True)
    repeated = _repeats(copies)
    copied = [deformed_name(name, c) for c in range(copies) for name in examples.names]
    return Examples(
        examples.names * repeated + copied,
        np.concatenate([*[examples.voxels] * repeated, np.array(voxels, np.uint8)]),
        np.concatenate([*[examples.views] * repeated, _like_stored(views, examples)]),
        examples.categories * (repeated + copies),
        cameras=np.concatenate([*[_stored(examples)] * repeated, np.array(cameras)]),
        scales=np.concatenate(
            [*[_stored_scales(examples)] * repeated, np.float32(scales)]
        ),
    )


@dataclasses.dataclass(frozen=True)
class _ProceduralSurface:
    """Makes voxels and views of the procedural chair of a number; picklable.

    Attributes:
      resolution: voxels along each axis.
      seed: of the chairs, and of what is random about their views.
      deformer: whose way to take views and place in the grid they share.
      rings: the cameras of views, of which they take turns.
    """

    resolution: int
    seed: int
    deformer: Deformer
    rings: list[list[ViewCamera]]

    def parameters(self, index: int) -> ChairParameters:
        """Drawn with a seed from 1 up: with 0 they are the procedural data set's."""
        return sample_parameters(index, 1 + self.seed)

    def __call__(
        self, index: int
    ) -> tuple[
        Bool[np.ndarray, "x y z"],
        UInt8[np.ndarray, "v h w"],
        Float[np.ndarray, "v 4"],
        float,
    ]:
        mesh, like = build_chair(self.parameters(index)), self.deformer
        voxels = voxelize(mesh, self.resolution, centred=like.centred)
        # No copy's: theirs are three numbers, and zeros at the end change nothing.
        rng = np.random.default_rng((self.seed, index, 0, 1))
        ring = self.rings[index % len(self.rings)]
        views, cameras = like.take_views(mesh, ring, rng)
        return voxels, views, cameras, scale_of_box(mesh.extents)


def _add_procedural(
    examples: Examples,
    count: int,
    seed: int,
    deformer: Deformer,
    rings: list[list[ViewCamera]],
) -> Examples:
    maker = _ProceduralSurface(examples.voxels.shape[-1], seed, deformer, rings)
    made = parallel_map(maker, range(count), "making chairs")
    voxels, views, cameras, scales = zip(*made, strict=True)
    return Examples(
        examples.names + list(map(procedural_name, range(count))),
        np.concatenate([examples.voxels, np.array(voxels, np.uint8)]),
        np.concatenate([examples.views, _like_stored(views, examples)]),
        examples.categories and examples.categories + ["chair"] * count,
        cameras=np.concatenate([_stored(examples), np.array(cameras)]),
        scales=np.concatenate([_stored_scales(examples), np.float32(scales)]),
    )


def _distinct(rings: list[list[ViewCamera]]) -> list[list[ViewCamera]]:
    return [list(ring) for ring in dict.fromkeys(map(tuple, rings))]
