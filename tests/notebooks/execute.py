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

_FAILED = re.compile(r"^(error:|FATAL Flags|Traceback)", re.MULTILINE)


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


def failures(cell: dict) -> list[str]:
    """What the cell's output tells of commands that failed."""
    texts = ("".join(output.get("text", "")) for output in cell["outputs"])
    return [text for text in texts if _FAILED.search(text)]


def execute(folder: pathlib.Path, options: str = ""):
    """The notebook after all of its cells, without what differs from run to run.

    Args:
      folder: where it runs.
      options: further flags of its training.

    Raises:
      nbclient.exceptions.CellExecutionError: a cell raised.
      RuntimeError: a command failed, which to Jupyter is as good as any other.
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
            if failed := failures(cell):
                raise RuntimeError("\n".join(failed))
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.vaegan_jax = {"executed": fingerprint(notebook)}
    return notebook


def main(flags: list[str]) -> int:
    others = [flag for flag in flags if not flag.startswith("--config.")]
    if others:
        print(__doc__)
        return int(others != ["--help"])
    import nbformat

    with tempfile.TemporaryDirectory() as folder:
        notebook = execute(pathlib.Path(folder), shlex.join(flags))
    nbformat.write(notebook, TUTORIAL)
    print(f"wrote {TUTORIAL}, {TUTORIAL.stat().st_size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
