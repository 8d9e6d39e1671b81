"""Paths that hold what shells, patterns, URLs and formats give a meaning to."""

import json
import os

import numpy as np
import pytest
import trimesh

from data_prep.commands import add_commands
from data_prep.prepare import prepare_meshes
from tests.cli.test_commands import DEMO
from tests.helpers import TINY_FLAGS, make_examples, untrained, write_packed
from tests.preloaded import run
from tests.trainer.runs import config_for, write_data
from tests.using import make_picture
from vaegan_jax.checkpoints.checkpoint import Checkpoints
from vaegan_jax.cli.parser import Parser
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.packing import pack
from vaegan_jax.errors import UserError
from vaegan_jax.inference.export import write_weights
from vaegan_jax.inference.loading import load
from vaegan_jax.runtime import paths
from vaegan_jax.trainer import train as driver

AWKWARD = [
    *("a[v1]", "*", "?", "{a,b}", "%d", "%20", "#", ":", "a:b", "@4", "="),
    *("~", "~root", "a b", "'", '"', "ä", "日本", "-x", "--y", ".hidden"),
    *("$HOME", "a\nb"),
]  # fmt: skip
# All of them at once; a backslash is refused.
EVERYTHING = "-a[v1] *?{b,c}%d#:@4=~'\"ä日本$HOME"


@pytest.mark.parametrize(
    "name", [pytest.param("a[v1]", marks=pytest.mark.slow), EVERYTHING]
)
def test_a_run_is_read_again_wherever_it_is(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    data = write_data(folder)
    for steps in (2, 3):
        config = config_for(data, "gan", **{"train.num_steps": steps})
        assert driver.train(config, folder / "run") == 0
    assert Checkpoints(folder / "run", read_only=True).steps == [2, 3]
    model = load(folder / "run")
    assert model.step == 3 and np.isfinite(model.sample(1)).all()


def test_a_backslash_is_refused_before_anything_is_written(tmp_path):
    """TensorStore would take it for a slash, and save elsewhere."""
    config = config_for(write_data(tmp_path), "gan")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(UserError, match="holds a backslash; rename that folder"):
        driver.train(config, tmp_path / "a\\b")
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", AWKWARD)
def test_packed_data_and_weights_of_any_name(name, tmp_path):
    examples = make_examples(2)
    write_packed(tmp_path / f"{name}.npz", examples)
    opened = open_split(tmp_path / f"{name}.npz", "train", 8, 32)
    np.testing.assert_array_equal(opened.voxels, examples.voxels)
    write_weights(untrained("gan"), tmp_path / name)
    assert load(tmp_path / name).step == 0


def test_a_data_set_directory_of_any_name(tmp_path):
    folder = tmp_path / EVERYTHING
    (folder / "meshes").mkdir(parents=True)
    for number in range(3):
        box = trimesh.creation.box((1, 1 + number, 2))
        box.export(folder / "meshes" / f"{number}.off")
    settings = {"resolution": 8, "image_size": 32, "camera": None}
    made = prepare_meshes(folder / "meshes", folder / "data", **settings)
    assert json.loads((made / "metadata.json").read_text())["source"] == "mesh_folder"
    pack(made, folder / "data.npz", image_size=32)
    for split in ("train", "validation", "test"):
        read, packed = (
            open_split(folder / name, split, 8, None) for name in ("data", "data.npz")
        )
        assert read.names == packed.names and len(read) == 1
        np.testing.assert_array_equal(read.voxels, packed.voxels)


def test_the_home_directory(monkeypatch):
    monkeypatch.setenv("HOME", "/home/of mine")
    assert paths.expand("~/a") == "/home/of mine/a"
    assert paths.absolute("~") == "/home/of mine"
    assert paths.expand("./~") == "./~" and paths.expand("a~") == "a~"
    with pytest.raises(UserError, match=r"of nobody who is known here; write \./~no"):
        paths.expand("~no such user/a")
    with pytest.raises(UserError, match="no path in UTF-8; rename"):
        paths.expand(os.fsdecode(b"a\xff"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("scripts/train.py", "--config=configs/gan.py:demo", "--workdir"),
        ("scripts/train.py", "--config=configs/gan.py:demo", "--config.data.dir"),
        ("scripts/sample.py", "--workdir=x", "--output"),
        ("scripts/sample.py", "--workdir"),
        ("scripts/reconstruct.py", "--workdir=x", "--views"),
        ("scripts/interpolate.py", "--workdir=x", "--between=1", "--between"),
        ("scripts/export.py", "--workdir=x", "--output"),
        ("scripts/demo.py", "--workdir"),
        ("scripts/evaluate.py", "--workdir"),
        ("scripts/evaluate.py", "--workdir=x", "--json"),
        ("scripts/benchmark.py", "sampling", "--workdir"),
        ("scripts/prepare_data.py", "inspect", "--data_dir"),
        ("scripts/prepare_data.py", "pack", "--data_dir=x", "--output"),
    ],
)
def test_every_command_knows_home_directories(arguments, tmp_path):
    *arguments, flag = arguments
    made = run(*arguments, f"{flag}=~nosuchuser/a", VAEGAN_CACHE=str(tmp_path))
    assert made.returncode == 1, made.stderr
    assert made.stderr.startswith("error: ") and made.stderr.count("\n") == 1
    assert "~nosuchuser/a names the home directory of nobody" in made.stderr


def test_options_of_data_are_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/mine")
    parser = Parser()
    add_commands(parser.add_subparsers())
    given = parser.parse_args(
        ["archive", "--voxels=~/a", "--views=~/b", "--output=./~"]
    )
    assert (given.voxels, given.views, given.output) == ("/mine/a", "/mine/b", "./~")


@pytest.mark.slow
def test_every_command_works_wherever_it_is(tmp_path):
    folder = tmp_path / EVERYTHING
    folder.mkdir()
    write_packed(
        folder / "data.npz", make_examples(6, 12), ("train", "validation", "test")
    )
    picture, workdir = make_picture(folder / "a.png"), f"--workdir={folder / 'run'}"
    data, output = f"data.dir={folder / 'data.npz'}", f"--output={folder / 'out'}"
    for arguments in (
        (*DEMO, *TINY_FLAGS, "--config.train.num_steps=2", workdir, f"--config.{data}"),
        ("scripts/sample.py", workdir, "--num_samples=1", "--noturntable"),
        ("scripts/reconstruct.py", workdir, f"--views={picture}", output),
        ("scripts/export.py", workdir, f"--output={folder / 'exported'}"),
        ("scripts/evaluate.py", workdir, "--draws=1", "--sets=1"),
        ("scripts/prepare_data.py", "inspect", f"--data_dir={folder / 'data.npz'}"),
    ):
        made = run(*arguments)
        assert made.returncode == 0, made.stderr
    assert (folder / "run/evaluation/report.md").exists()
