"""The pictures of pages are all known, and are made whole or stay as they were."""

import dataclasses
import io
import itertools
import pathlib
import re
import tarfile

import numpy as np
import pytest
from PIL import Image

from tests import preloaded
from tests.helpers import ROOT, assert_error
from tests.using import make_model
from vaegan_jax.errors import UserError
from vaegan_jax.reproduction import page_pictures
from vaegan_jax.reproduction.page_pictures import PICTURES, Given, draw
from vaegan_jax.reproduction.rows import ROWS
from vaegan_jax.reproduction.screenshots import Missing

IMAGES = ROOT / "docs" / "images"


@pytest.fixture
def given(tmp_path):
    """Where neither rows nor benchmarks were made."""
    folders = [tmp_path / name for name in ("made", "reproduced", "benchmarks")]
    for folder in folders:
        folder.mkdir()
    made, *others = folders
    return Given(made, None, *map(str, others))


def test_all_are_known_and_shown_where_it_is_said():
    assert {path.name for path in IMAGES.iterdir()} == set(PICTURES)
    for name, picture in PICTURES.items():
        assert f"images/{name})" in (ROOT / picture.page).read_text("utf-8")


def test_what_was_not_made_is_missed_by_the_command_that_makes_it(given):
    for picture in PICTURES.values():
        if picture.source.startswith(("the row", "benchmark")):
            with pytest.raises(Missing) as missing:
                picture.find(given)
            row = re.search(r"reproduce.py --row=(\S+)", str(missing.value))
            assert row is None or row[1] in ROWS
            assert row or f"python scripts/{picture.source}" in str(missing.value)


def test_a_picture_of_the_weights_is_made(given, tmp_path):
    given.__dict__["model"] = make_model("mv_vae_gan")
    draw(PICTURES["using_interpolation.png"], given, tmp_path)
    made = Image.open(tmp_path / "using_interpolation.png")
    assert made.width > 5 * made.height  # seven shapes
    assert not list(tmp_path.glob("*.partial"))


def test_a_picture_of_a_row_is_that_of_the_last_step(given, tmp_path):
    reproduced = tmp_path / "reproduced"
    folder = reproduced / "runs" / "mv_vae_gan-demo" / "images"
    folder.mkdir(parents=True)
    for step in (54, 108):
        picture = Image.fromarray(np.full((4, 4), step, np.uint8))
        picture.save(folder / f"samples_{step:06d}.png")
    picture = PICTURES["demo_samples.png"]
    with pytest.raises(Missing, match="--row=mv_vae_gan:demo"):  # still being made
        draw(picture, given, tmp_path)
    (reproduced / "rows").mkdir()
    (reproduced / "rows" / "mv_vae_gan-demo.json").touch()
    draw(picture, given, tmp_path)
    assert (np.asarray(Image.open(tmp_path / picture.name)) == 108).all()


def write_views(path, chairs):
    """A tar of twelve views each, of which view i of chair c is grey 20 c + i."""
    with tarfile.open(path, "w") as archive:
        for chair, view in itertools.product(range(chairs), range(1, 13)):
            content = io.BytesIO()
            shade = np.full((64, 64), 20 * chair + view, np.uint8)
            Image.fromarray(shade).save(content, "PNG")
            member = tarfile.TarInfo(f"chair/test/chair_{chair:04d}_{view:03d}.png")
            member.size = content.tell()
            content.seek(0)
            archive.addfile(member, content)
    return str(path)


def test_real_chairs_are_chosen_by_a_rule(given, tmp_path, monkeypatch):
    taken = {}

    def reconstruct(model, pictures, folder, writer):
        folder.mkdir()
        for name, views in pictures.items():
            taken[name] = [int(np.asarray(view).max()) for view in views]
            views[0].save(folder / f"{name}.png")

    monkeypatch.setattr(page_pictures, "reconstruct_pictures", reconstruct)
    views = write_views(tmp_path / "views.tar", 7)
    given = dataclasses.replace(given, views=views)
    given.__dict__["model"] = None
    draw(PICTURES["using_reconstruction.png"], given, tmp_path)
    rule = {0: "chair_0000", 2: "chair_0002", 4: "chair_0004"}
    assert taken == {
        name: [20 * chair + view for view in (2, 5, 10)] for chair, name in rule.items()
    }
    assert Image.open(tmp_path / "using_reconstruction.png").size == (192, 64)


@pytest.mark.parametrize("content", [b"no tar", None])
def test_what_is_no_tar_of_views_is_refused_in_a_line(given, tmp_path, content):
    views = write_views(tmp_path / "views.tar", 0)
    if content:
        pathlib.Path(views).write_bytes(content)
    given = dataclasses.replace(given, views=views)
    with pytest.raises(UserError, match="is no tar of twelve views") as refused:
        draw(PICTURES["using_reconstruction.png"], given, tmp_path)
    assert "\n" not in str(refused.value)


def test_a_damaged_one_replaces_nothing(given, tmp_path):
    (tmp_path / "benchmarks" / "peer.png").write_bytes(b"\x89PNG")
    (tmp_path / "benchmark_peer.png").write_text("before")
    with pytest.raises(UserError, match=r"peer\.png is damaged"):
        draw(PICTURES["benchmark_peer.png"], given, tmp_path)
    assert (tmp_path / "benchmark_peer.png").read_text() == "before"


def test_the_command_tells_what_it_left(tmp_path):
    flags = (f"--benchmarks={tmp_path}", f"--output={tmp_path / 'images'}")
    script = ("scripts/draw_docs.py", "--picture=benchmark_peer.png", *flags)
    made = preloaded.run(*script)
    assert made.returncode == 1
    assert "left benchmark_peer.png as it is, for want of" in made.stdout
    listed = preloaded.run("scripts/draw_docs.py", "--list").stdout
    assert [line.partition(":")[0] for line in listed.splitlines()] == [*PICTURES]
    assert_error(
        preloaded.run("scripts/draw_docs.py", "--picture=none.png"), "none.png"
    )
