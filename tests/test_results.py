"""The pages of results: their lengths, and that their rows and commands are known."""

import pathlib
import re

import pytest

from vaegan_jax.reproduction import record
from vaegan_jax.reproduction.commands import DOWNLOAD, Setting
from vaegan_jax.reproduction.reproduce import usual
from vaegan_jax.reproduction.rows import ROWS, steps_of

DOCS = pathlib.Path(__file__).parents[1] / "docs"
RESULTS = (DOCS / "results.md").read_text("utf-8")
REPRODUCE = (DOCS / "reproduce.md").read_text("utf-8")
LIMITS = {"results.md": 500, "reproduce.md": 700, "evaluation.md": 900}


@pytest.mark.parametrize("name", LIMITS)
def test_a_page_is_no_longer_than_people_read(name):
    text = (DOCS / name).read_text("utf-8")
    if name == "results.md":  # has a row for every row that there is
        text = re.sub(r"^\|.*\|$", "", text, flags=re.MULTILINE)
    assert len(re.findall(r"\S*\w\S*", text)) <= LIMITS[name]


def tables(page: str) -> list[list[list[str]]]:
    """The cells of every table, its header first."""
    found = []
    for block in re.findall(r"(?:^\|.*\|$\n?)+", page, re.MULTILINE):
        rows = [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in block.strip().splitlines()
        ]
        found.append([rows[0], *rows[2:]])
    return found


def test_the_tables_are_those_that_a_row_writes():
    headers = [tuple(header) for header, *_ in tables(RESULTS)]
    assert set(record.HEADERS.values()) <= set(headers)
    for header, *lines in tables(RESULTS):
        assert header[0] == "row"
        for cells in lines:
            assert len(cells) == len(header), cells
            name = re.match(r"`([^`]+)`", cells[0])[1]
            assert name in ROWS, cells


def test_every_row_has_numbers_or_is_named_among_those_without():
    (without,) = re.findall(r"^\*\*No numbers .*$", RESULTS, re.MULTILINE)
    measured = {
        re.match(r"`([^`]+)`", cells[0])[1]
        for _, *lines in tables(RESULTS)
        for cells in lines
    }
    unmeasured = set(re.findall(r"`([^`]+)`", without))
    assert measured | unmeasured == set(ROWS) and not measured & unmeasured


@pytest.mark.parametrize("page", ["results.md", "reproduce.md"])
def test_commands_are_those_of_rows(page, monkeypatch):
    """But for the command that runs them."""
    monkeypatch.chdir(DOCS.parent)
    known = {
        step.shown()
        for setting in (usual(), Setting(modelnet=DOWNLOAD))
        for row in ROWS.values()
        for step in steps_of(row, setting)
    }
    text = (DOCS / page).read_text("utf-8")
    shown = re.findall(r"^    (python scripts/(\w+)\.py .*)$", text, re.MULTILINE)
    assert shown
    for command, script in shown:
        if script == "reproduce":
            assert set(re.findall(r"--row=(\S+)", command)) <= {*ROWS, "NAME"}
        else:
            assert command in known
