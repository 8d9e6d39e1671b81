"""From a TensorFlow Datasets directory to one packed file."""

import functools
import pathlib

from vaegan_jax.data import tfds_source
from vaegan_jax.data.packed_source import check_name, write
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.progress import Progress


def pack(directory: str | pathlib.Path, output: str | pathlib.Path, image_size: int):
    """Writes all splits of a TensorFlow Datasets directory to one packed file.

    They are decoded and written some megabytes at a time, so they may be of any size.

    Args:
      directory: the prepared data set.
      output: the `.npz` to write.
      image_size: pixels of the packed views.

    Raises:
      UserError: `output` is not an `.npz` name, or the data set cannot be read.
    """
    check_name(output)
    directory = pathlib.Path(directory)
    if not directory.is_dir():
        raise UserError(f"{directory} is not a directory; prepare a data set first")
    info = tfds_source.open_builder(directory).info
    views_size = image_size if "views" in info.features else None
    splits = {}
    for split, facts in info.splits.items():
        watch = functools.partial(
            Progress, f"packing {split}", total=facts.num_examples
        )
        splits[split] = tfds_source.stream_split(directory, split, views_size, watch)
    write(output, splits, read_provenance(directory))
