"""The documents: their links, lengths and commands are right."""

import functools
import pathlib
import re

import pytest

from tests.documented_commands import commands_in, refused, text_of

ROOT = pathlib.Path(__file__).parents[1]
_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
_FOLDERS = ("", "data_prep/**/", "docs/**/", "vaegan_jax/**/")
_DOCUMENTS = sorted(x for folder in _FOLDERS for x in ROOT.glob(f"{folder}*.md"))
_DOCUMENTS += sorted(ROOT.glob("notebooks/*.ipynb"))
# What users read; the log and the changelog are as they were.
_PAGES = [x for x in _DOCUMENTS if x.parent.name != "log" and x.stem != "CHANGELOG"]
_CODE = ("vaegan_jax", "data_prep", "scripts", "configs", "tests")

# At most so many words: what is longer is read by nobody.
LIMITS = {
    "README.md": 500,
    "docs/api.md": 600,
    "docs/architecture.md": 900,
    "docs/benchmarks.md": 900,
    "docs/configuration.md": 900,
    "docs/data.md": 900,
    "docs/deviations.md": 900,
    "docs/devices.md": 900,
    "docs/install.md": 400,
    "docs/photos.md": 500,
    "docs/reliability.md": 900,
    "docs/shapenet.md": 600,
    "docs/using.md": 700,
    "docs/voxelizer.md": 900,
    "docs/your_category.md": 500,
}


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
    for name, anchor in _LINK.findall(_prose(text_of(document))):
        target = (document.parent / name).resolve() if name else document
        if not target.exists():
            broken.append(name)
        elif anchor and anchor not in _anchors(target):
            broken.append(f"{name}#{anchor}")
    return broken


def _name(document: pathlib.Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", _DOCUMENTS, ids=_name)
def test_links_lead_somewhere(document):
    assert broken_links(document) == []


@pytest.mark.parametrize("folder", ["docs", "docs/log"])
def test_every_picture_is_shown(folder):
    """Those of the log by the log, which stays as it was when others change."""
    shown = {
        (page.parent / name).resolve()
        for page in _DOCUMENTS
        for name, _ in _LINK.findall(_prose(text_of(page)))
        if (page.parent.name == "log") == (folder == "docs/log")
    }
    pictures = list((ROOT / folder / "images").iterdir())
    assert pictures
    assert [x.name for x in pictures if x not in shown] == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# 3D-GAN, `gan_best`: 32³\n")
    document = tmp_path / "one.md"
    document.write_text(
        "## Here\n[a](#here) [b](#there) [c](other.md) [d](none.md) `[e](code.md)`\n"
        "[f](other.md#3d-gan-gan_best-32) [g](other.md#3d-gan) ![h](no.png)\n"
        "\n    [i](indented.md)\n"
    )
    assert broken_links(document) == ["#there", "none.md", "other.md#3d-gan", "no.png"]


def test_pages_that_code_names_exist():
    """In comments, docstrings and messages."""
    files = [x for folder in _CODE for x in ROOT.glob(f"{folder}/**/*.py")]
    files += [ROOT / name for name in ("pyproject.toml", "setup.py", ".ci/run")]
    absent = {
        f"{_name(file)}: {page}"
        for file in files
        for page in re.findall(r"\bdocs/[\w/]+\.md", file.read_text("utf-8"))
        if not (ROOT / page).exists()
    }
    assert absent == set()


def _words(text: str) -> int:
    """What holds a letter or a digit, in prose, tables and code."""
    return len(re.findall(r"\S*\w\S*", text))


@pytest.mark.parametrize("name", LIMITS)
def test_a_page_is_no_longer_than_people_read(name):
    assert _words((ROOT / name).read_text("utf-8")) <= LIMITS[name]


def test_commands_are_found_wherever_a_page_has_them():
    text = (
        "    X=1 python scripts/a.py --b=c  # d\n"
        "    python scripts/prepare_data.py e \\\n        --f && vaegan a\n"
        '        ssh --command="cd g && ../env/bin/python scripts/h.py --i"\n'
        "- exec python scripts/j.py --k=$L\n  --m=1\n"
        "`vaegan no --o='p q'`, the vaegan_jax library, `vaegan train …`\n"
    )
    assert commands_in(text) == [
        ("a", "--b=c"),
        ("prepare-data", "e", "--f"),
        ("h", "--i"),
        ("j", "--k=0", "--m=1"),
        ("no", "--o=p q"),
    ]


@functools.cache
def _refused() -> list[str]:
    """Of all commands, each once: what would be said of those that are wrong."""
    files = [*_PAGES, *ROOT.glob("configs/*.py")]
    shown = {x for file in files for x in commands_in(text_of(file))}
    wrong = ("sample", "--seeds=1"), ("train", "--config=gan", "--config.loss.a=1")
    return refused([*wrong, *sorted(shown)])


def test_commands_have_flags_that_exist():
    wrong, right = _refused()[:2], _refused()[2:]
    assert "seeds" in wrong[0].partition(": ")[2]
    assert "no field 'loss.a'" in wrong[1]
    assert right == []


def test_tests_that_pages_name_exist():
    text = "\n".join(map(text_of, _PAGES))
    files = re.findall(r"\btests/[\w/]+\.py", text)
    modules = re.findall(r"python -m (tests\.[\w.]*\w)", text)
    files += [f"{name.replace('.', '/')}.py" for name in modules]
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []
