"""What the builders share whose shapes are made from the files of one archive."""

import abc
import dataclasses
import hashlib
import pathlib
import shutil
from typing import Any

import tensorflow_datasets as tfds

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.progress import Progress

from ..archives.archive import Archive, first_existing
from ..archives.listing import Listing
from ..making.collection import Collection, arrange
from ..making.workshop import Made, Maker, Workshop, is_uncached, make_all
from . import tfds_tools
from .examples import example

_BUFFERS = (".bin", ".glbin", ".glbuf")  # what glTF's standard calls them


@dataclasses.dataclass
class ShapesConfig(tfds.core.BuilderConfig):
    """Which files the shapes are made from, and how they are sorted.

    Attributes:
      input: zip, tar or folder; default what the manual download folder holds under
        the builder's `DEFAULT_INPUT` names.
      origin: where the input came from, if it was downloaded.
      categories: take only these; empty takes all.
      seed: of the splits, where the files come in none.
      drop_duplicates: keep only one of identical shapes.
      strict: stop at a file that cannot be used, instead of leaving it out.
    """

    input: str | None = None
    origin: str | None = None
    categories: tuple[str, ...] = ()
    seed: int = 0
    drop_duplicates: bool = False
    strict: bool = False


class ShapesBuilder(tfds.core.GeneratorBasedBuilder):
    """Makes shapes in processes, in a work folder that survives interruptions.

    What the files were, which could not be used, and which shapes are identical is
    recorded in the metadata: `listing`, `skipped`, `report`.
    """

    SOURCE: str
    DEFAULT_INPUT: tuple[str, ...]

    @abc.abstractmethod
    def find(self, archive: Archive) -> Listing:
        """The shapes of an archive."""

    @abc.abstractmethod
    def maker(self) -> Maker:
        """What makes voxels and views from a file; picklable."""

    @property
    def work_folder(self) -> pathlib.Path:
        """Where shapes wait until all are made."""
        return pathlib.Path(self._data_dir_root) / ".work" / self.name

    @abc.abstractmethod
    def recipe(self) -> dict[str, Any]:
        """What the maker does, for the metadata."""

    def inputs(self, archive: Archive, listing: Listing) -> list:
        """What else tells whether the files are those of before."""
        del archive, listing
        return []

    def fingerprint(self, archive: Archive, listing: Listing) -> str:
        """Tells whether the files of an archive are those of an earlier listing."""
        paths = [file.path for file in listing.files] + list(listing.rejected)
        if any(map(is_uncached, listing.files)):
            paths += archive.names(_BUFFERS)
        facts: list = [archive.fingerprint(path) for path in sorted(paths)]
        facts += self.inputs(archive, listing)
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def facts(self) -> dict[str, Any]:
        """What makes this data set, as far as the configuration tells."""
        config = self.builder_config
        return {
            "source": self.SOURCE,
            "input": config.input,
            "origin": config.origin,
            "categories": list(config.categories),
            "seed": config.seed,
            "drop_duplicates": config.drop_duplicates,
            **self.recipe(),
        }

    def _shape_info(self, features: dict) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {**features, "category": tfds.features.Text()}
            ),
            metadata=tfds_tools.metadata(**self.facts()),
        )

    def _split_generators(self, dl_manager):
        config = self.builder_config
        path = config.input or first_existing(
            dl_manager.manual_dir, *self.DEFAULT_INPUT
        )
        with Archive(path) as archive:
            listing = self.find(archive)
            for name, reason in listing.rejected.items():
                if config.strict:
                    raise UserError(f"{archive.describe(name)}: {reason}")
            digest = self.fingerprint(archive, listing)
        workshop = Workshop(pathlib.Path(path), self.work_folder, self.maker())
        made, skipped = make_all(workshop, listing.files, config.strict)
        skipped = dict(sorted((listing.rejected | skipped).items()))
        collection = arrange(made, skipped, config.seed, config.drop_duplicates)
        collection = dataclasses.replace(collection, ignored=listing.ignored)
        self._record(collection, digest)
        return {
            split: self._generate_examples(split, shapes)
            for split, shapes in collection.splits.items()
        }

    def _generate_examples(self, split: str, shapes: list[Made]):
        for made in Progress(f"writing {split}", shapes):
            shared = example(made.file.name, *made.load())
            yield made.file.key, {**shared, "category": made.file.category}

    def _record(self, collection: Collection, digest: str) -> None:
        self.info.metadata.update(
            listing=digest, skipped=collection.skipped, report=collection.report()
        )


def prepare(builder: ShapesBuilder) -> pathlib.Path:
    """Makes the data set, or checks that the one that is there is the same.

    Returns:
      Its directory, with what became of every file in `report.txt`.

    Raises:
      UserError: if the output holds another data set, or the files cannot be used.
    """
    target = pathlib.Path(builder.data_dir)
    root = pathlib.Path(builder._data_dir_root)
    tfds_tools.check_alone(builder)
    if target.exists():
        _check_same(builder, target)
    tfds_tools.build(builder)
    report = tfds_tools.stored_metadata(target)["report"]
    (target / "report.txt").write_text(report, encoding="utf-8")
    shutil.rmtree(root / ".work", ignore_errors=True)
    return target


def _check_same(builder: ShapesBuilder, target: pathlib.Path) -> None:
    with Archive(builder.builder_config.input) as archive:
        listing = builder.find(archive)
        wanted = {**builder.facts(), "listing": builder.fingerprint(archive, listing)}
    tfds_tools.check_same(target, wanted)
