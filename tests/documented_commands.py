"""The commands that pages show, and whether the real flags take them."""

import importlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
# With what may stand before, as variables of the environment.
_SCRIPT = re.compile(r"(?:python3?|/python) scripts/(\w+)\.py(.*)")
_VAEGAN = re.compile(r"(?:^|[\s`!])vaegan ([a-z][a-z-]+)(.*)")
_NOT_OURS = ("&&", "|", ";", "&", ">")


def text_of(page: pathlib.Path) -> str:
    """Of a Markdown file, or of a notebook's cells, with fences around their code.

    Where a notebook has `$OPTIONS` a test gives more flags, or nobody any.
    """
    if page.suffix != ".ipynb":
        return page.read_text("utf-8")
    cells = json.loads(page.read_text("utf-8"))["cells"]
    texts = {"markdown": "{}", "code": "```\n{}\n```"}
    parts = [texts[x["cell_type"]].format("".join(x["source"])) for x in cells]
    return "\n\n".join(parts).replace(" $OPTIONS", "")


def commands_in(text: str) -> list[tuple[str, ...]]:
    """Of a page or a docstring: the name of each command, and its arguments.

    Those that are indented, fenced, or within a line; not those that leave something
    out ("…").
    """
    text = re.sub(r"\\\n\s*", "", text)
    text = re.sub(r"\n\s+(--\w+=)", r" \1", text)  # a folded line of YAML
    text = re.sub(r"\$\w+", "0", text)  # what a scheduler fills in
    text = re.sub(r"`([^`\n]+)`", r"\n\1\n", text)
    found = []
    for line in text.splitlines():
        match = _SCRIPT.search(line) or _VAEGAN.search(line)
        if match and "…" not in line and not match[2].startswith((".", ",", ":")):
            found.append((match[1].replace("_", "-"), *_arguments(match[2])))
    return found


def _arguments(text: str) -> list[str]:
    try:
        words = shlex.split(text, comments=True)
    except ValueError:  # within the quotes of another command
        words = shlex.split(text.rstrip().rstrip("\"'"), comments=True)
    ends = [i for i, word in enumerate(words) if word in _NOT_OURS]
    return words[: ends[0]] if ends else words


def refused(commands: list[tuple[str, ...]]) -> list[str]:
    """What is said of those that the commands would not take."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.documented_commands"],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def _refusal(name: str, arguments: list[str]) -> str:
    """Empty if the command takes the arguments."""
    from vaegan_jax.errors import UserError

    try:
        _parse(name, arguments)
    except (UserError, ModuleNotFoundError, SystemExit) as error:
        return f"{name} {shlex.join(arguments)}: {error}"
    return ""


def _parse(name: str, arguments: list[str]) -> None:
    module = importlib.import_module(f"vaegan_jax.cli.{name.replace('-', '_')}")
    if {"--help", "-h"} & set(arguments):
        return
    if name == "prepare-data":
        module.parse(arguments)
    elif name == "benchmark":
        parser = module.Parser()
        module.add_commands(parser.add_subparsers(required=True))
        parser.parse_args(arguments)
    else:
        from vaegan_jax.cli import command_line
        from vaegan_jax.config.reference import complete

        sys.argv = [name, *arguments]  # where overrides of a config are looked for
        command_line._parse(sys.argv)
        if name == "train":
            complete(module.CONFIG.value)


def _main() -> None:
    """Each in a process of its own, for flags are defined once in a process."""
    for module in ("config.reference", "cli.command_line", "inference.shape_files"):
        importlib.import_module(f"vaegan_jax.{module}")
    found = []
    for name, *arguments in json.load(sys.stdin):
        reading, writing = os.pipe()
        if not os.fork():
            os.write(writing, _refusal(name, arguments).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            found.append(said.read().decode())
        os.wait()
    print(json.dumps([sentence for sentence in found if sentence]))


if __name__ == "__main__":
    _main()
