"""The documents: every link within the repository leads somewhere."""

import functools
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
_FOLDERS = ("", "data_prep/**/", "docs/", "vaegan_jax/**/")
_DOCUMENTS = sorted(x for folder in _FOLDERS for x in ROOT.glob(f"{folder}*.md"))


def _prose(text: str) -> str:
    """Without code, fenced, indented or within a line."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "``", text)


@functools.cache
def _anchors(document: pathlib.Path) -> set[str]:
    """The names that GitHub gives to headings."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.M)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert len(set(headings)) == len(headings), f"{document.name} repeats a heading"
    plain = (re.sub(r"[^\w\- ]|[²³]", "", x.lower()) for x in headings)
    return {x.replace(" ", "-") for x in plain}


def broken_links(document: pathlib.Path) -> list[str]:
    broken = []
    for name, anchor in _LINK.findall(_prose(document.read_text())):
        target = (document.parent / name).resolve() if name else document
        if not target.exists():
            broken.append(name)
        elif anchor and anchor not in _anchors(target):
            broken.append(f"{name}#{anchor}")
    return broken


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda x: x.name)
def test_links_lead_somewhere(document):
    assert broken_links(document) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# 3D-GAN, `gan_best`: 32³\n")
    document = tmp_path / "one.md"
    document.write_text(
        "## Here\n[a](#here) [b](#there) [c](other.md) [d](none.md) `[e](code.md)`\n"
        "[f](other.md#3d-gan-gan_best-32) [g](other.md#3d-gan) ![h](no.png)\n"
        "\n    [i](indented.md)\n"
    )
    assert broken_links(document) == ["#there", "none.md", "other.md#3d-gan", "no.png"]
