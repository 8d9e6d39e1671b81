"""What nobody meant as data is left out, wherever it lies."""

import pytest

from vaegan_jax.shapes.ignored_files import is_ignored, report_ignored


@pytest.mark.parametrize(
    "path",
    [
        *("._a.png", ".DS_Store", ".hidden/a.png", "__MACOSX/chair/a.off"),
        *("chair/.ipynb_checkpoints/a-checkpoint.png", "Thumbs.db", "THUMBS.DB"),
        *("a/desktop.ini", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.png", "$RECYCLE.BIN/a.off"),
    ],
)
def test_what_is_ignored(path):
    assert is_ignored(path.split("/"))


@pytest.mark.parametrize(
    "path", ["a.png", "./a.png", "../a.png", "chair/a.b.off", "thumbs.db.off", "_a.png"]
)
def test_what_is_not(path):
    assert not is_ignored(path.split("/"))


def test_the_report_names_the_first():
    assert report_ignored([]) == []
    assert report_ignored(["._a.off"]) == [
        "ignored files, hidden or a system's own: 1 (._a.off)"
    ]
    assert report_ignored(["._a.off", "._b.off"])[0].endswith("2 (._a.off …)")
