"""Executes notebooks/tutorial.ipynb and writes it with its own outputs.

python -m tests.notebooks.execute
python -m tests.notebooks.execute --config.train.num_steps=200  # further flags
"""

import hashlib
import os
import pathlib
import re
import shlex
import sys
import tempfile

from tests.helpers import ROOT

TUTORIAL = ROOT / "notebooks" / "tutorial.ipynb"
_BAR = re.compile(r"^(.*\d+/\d+ \[\d.*| *\x1b\[A)\n?", re.MULTILINE)


def fingerprint(notebook: dict) -> str:
    """Of what is executed, to tell whether outputs are of it."""
    sources = [
        "".join(cell["source"])  # a list of lines in the file
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def _is_noise(output: dict) -> bool:
    """Warnings of libraries, with paths. What `!` runs tells is not among them."""
    return output.get("name") == "stderr"


def tidied(output: dict) -> dict:
    """As it stays on a terminal, which bars of progress leave; each picture once."""
    if "text" in output:
        output["text"] = _BAR.sub("", output["text"].replace("\r\n", "\n"))
    output.get("data", {}).pop("image/jpeg", None)  # beside the PNG
    return output


def execute(folder: pathlib.Path, options: str = ""):
    """The notebook after all of its cells, without what differs from run to run.

    Args:
      folder: where it runs.
      options: further flags of its training.

    Raises:
      nbclient.exceptions.CellExecutionError: a cell raised.
    """
    import nbclient
    import nbformat

    notebook = nbformat.read(TUTORIAL, as_version=4)
    # `!vaegan` is that of this Python, and of this checkout.
    paths = {"PATH": os.path.dirname(sys.executable), "PYTHONPATH": str(ROOT)}
    environment = os.environ | {
        name: os.pathsep.join(filter(None, (path, os.environ.get(name))))
        for name, path in paths.items()
    }
    environment["TUTORIAL_OPTIONS"] = options
    # What XLA tells of compiling that takes long is of the machine.
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    client = nbclient.NotebookClient(
        notebook,
        timeout=3600,
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [tidied(x) for x in cell.outputs if not _is_noise(x)]
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.vaegan_jax = {"executed": fingerprint(notebook)}
    return notebook


def main() -> None:
    import nbformat

    with tempfile.TemporaryDirectory() as folder:
        notebook = execute(pathlib.Path(folder), shlex.join(sys.argv[1:]))
    nbformat.write(notebook, TUTORIAL)
    print(f"wrote {TUTORIAL}, {TUTORIAL.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
