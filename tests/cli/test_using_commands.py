"""The commands that use a trained model, as people type them."""

import json

import numpy as np
import pytest
import trimesh
from PIL import Image

from tests.helpers import REFINER, make_examples, write_packed
from tests.preloaded import run
from tests.using import make_picture, make_workdir
from vaegan_jax.inference.shape_files import FORMATS, ShapeWriter
from vaegan_jax.metrics.shape_quality import small_parts
from vaegan_jax.shapes.mesh_writers import MESH_FORMATS
from vaegan_jax.shapes.voxel_files import read_binvox


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    return make_workdir(tmp_path_factory.mktemp("run"), "mv_vae_gan")


def succeed(*arguments):
    made = run(*map(str, arguments))
    assert made.returncode == 0, made.stderr
    return made.stdout


def fail(*arguments):
    made = run(*map(str, arguments))
    assert made.returncode == 1
    assert made.stderr.startswith("error: ") and made.stderr.count("\n") == 1
    return made.stderr


def test_pictures_become_files_of_all_formats(workdir, tmp_path):
    pictures = [make_picture(tmp_path / f"in/{i}.png", i) for i in range(2)]
    made = succeed(
        *("scripts/reconstruct.py", "--workdir", workdir),
        *("--views", *pictures, "--output", tmp_path / "out"),
    )
    assert "wrote 1 shapes of step 0" in made
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {
        *(f"shape.{kind}" for kind in (*FORMATS, "png")),
        "shape_seen.png",
        "cameras.json",
    }
    shape = np.load(out / "shape.npz")["voxels"]
    np.testing.assert_array_equal(
        read_binvox(out / "shape.binvox"), ShapeWriter().filled(shape[None])[0]
    )
    for kind in MESH_FORMATS:
        mesh = trimesh.load(out / f"shape.{kind}", force="mesh")
        assert mesh.is_watertight and mesh.volume > 0
    with Image.open(out / "shape.png") as picture:
        assert picture.size == (2 * 164 + 4, 2 * 164 + 4 + 22)
    with Image.open(out / "shape_seen.png") as picture:
        assert picture.size == (2 * 244 + 4, 2 * 244 + 4 + 22)


def test_pictures_are_not_written_over(workdir, tmp_path):
    picture = make_picture(tmp_path / "in/front.png")
    before = picture.read_bytes()
    told = fail(
        *("scripts/reconstruct.py", "--workdir", workdir),
        *("--views", picture, "--output", tmp_path / "in"),
    )
    assert "front.png is in" in told and "choose another --output" in told
    assert picture.read_bytes() == before and len(list(picture.parent.iterdir())) == 1


def test_a_folder_of_folders_becomes_many_shapes(workdir, tmp_path):
    for name in ("in/b/1.png", "in/b/2.png", "in/a/1.png"):
        make_picture(tmp_path / name)
    flags = ("--format=stl", f"--workdir={workdir}", f"--output={tmp_path / 'out'}")
    succeed("scripts/reconstruct.py", f"--views={tmp_path / 'in'}", *flags)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    files = [f"{name}{end}" for name in "ab" for end in (".png", ".stl", "_seen.png")]
    assert names == [*files, "cameras.json"]


def test_known_cameras_are_taken_from_a_file(workdir, tmp_path):
    pictures = [make_picture(tmp_path / f"in/{i}.png", i) for i in range(2)]
    own, output = tmp_path / "own.json", tmp_path / "out"
    known = {"picture": "1.png", "azimuth_degrees": 123, "elevation_degrees": -7.5}
    own.write_text(json.dumps({"shape": [known]}))
    flags = ("--format=stl", f"--workdir={workdir}", "--views", *pictures)
    told = ("scripts/reconstruct.py", *flags, f"--cameras={own}")
    succeed(*told, f"--output={output}")
    first, second = json.loads((output / "cameras.json").read_text())["shape"]
    assert (first["picture"], first["known"]) == ("0.png", False)
    assert known.items() <= second.items() and second["known"]
    message = fail(*told, "--ring", f"--output={tmp_path / 'other'}")
    assert "give --cameras or --ring" in message and not (tmp_path / "other").exists()


def test_a_refiner_says_how_many_cameras_were_known(tmp_path):
    workdir = make_workdir(tmp_path / "run", "mv_vae_gan", **REFINER)
    pictures = [make_picture(tmp_path / f"in/{i}.png", i) for i in range(2)]
    own, output = tmp_path / "own.json", tmp_path / "out"
    known = {"picture": "1.png", "azimuth_degrees": 123, "elevation_degrees": -7.5}
    own.write_text(json.dumps({"shape": [known]}))
    made = succeed(
        *("scripts/reconstruct.py", f"--workdir={workdir}", "--views", *pictures),
        *(f"--cameras={own}", f"--output={output}", "--format=npz"),
    )
    assert "shape: refined with 1 known cameras, 1 estimated\n" in made
    with Image.open(output / "shape.png") as picture:
        assert picture.size == (2 * 164 + 4, 3 * 164 + 4 + 22)


def test_nothing_is_written_if_a_picture_cannot_be_used(workdir, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    pictures = [make_picture(tmp_path / "good.png"), tmp_path / "bad.png"]
    flags = (f"--workdir={workdir}", f"--output={tmp_path / 'out'}")
    message = fail("scripts/reconstruct.py", "--views", *pictures, *flags)
    assert "bad.png cannot be read as a picture" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["scripts/sample.py", "--workdir=/nowhere"], "is not a work directory"),
        (["scripts/sample.py", "--format=fbx"], "no format 'fbx'"),
        (["scripts/sample.py", "--threshold=1.5"], "the threshold is 1.5"),
        (["scripts/sample.py", "--min_part=-1"], "min_part is -1; give 0 or more"),
        (["scripts/sample.py", "--truncation=-2"], "truncation is -2"),
        (["scripts/sample.py", "--like=/no"], "/no does not exist"),
        (["scripts/reconstruct.py"], "views"),
        (["scripts/reconstruct.py", "--views", "/no.png"], "/no.png does not exist"),
        (["scripts/interpolate.py"], "between, arithmetic"),
        (["scripts/interpolate.py", "--between", "1"], "name two or more"),
        (["scripts/interpolate.py", "--between", "1", "/no"], "samples alone or"),
        (["scripts/interpolate.py", "--arithmetic", "1", "2"], "takes three shapes"),
        (["scripts/sample.py", "--seed=99999999999"], "[0, 2147483647]"),
        (["scripts/export.py", "--like=/no"], "--like needs --format=weights"),
        (["scripts/export.py", "--license=mit"], "--license needs --format=weights"),
        (["scripts/export.py", "--checkpoint=5"], "has no checkpoint 5; it has 0"),
    ],
)
def test_mistakes_end_with_one_sentence(workdir, arguments, message):
    if not any(argument.startswith("--workdir") for argument in arguments):
        arguments = [*arguments, f"--workdir={workdir}"]
    assert message in fail(*arguments)


def test_samples_come_with_a_gallery_and_a_turntable(workdir, tmp_path):
    succeed(
        *("scripts/sample.py", f"--workdir={workdir}", f"--output={tmp_path}"),
        *("--num_samples=2", "--truncation=0.5", "--format=ply,npz", "--min_part=5"),
    )
    assert {path.name for path in tmp_path.iterdir()} == {
        *("samples.npz", "samples.png", "turntable.gif", "gallery.html"),
        *(f"sample_00{i}.{kind}" for i in (0, 1) for kind in ("ply", "npz")),
    }
    with Image.open(tmp_path / "turntable.gif") as gif:
        assert gif.n_frames == 20
    assert '"name": "sample 1"' in (tmp_path / "gallery.html").read_text("utf-8")


def test_clean_samples_have_no_small_parts_but_their_arrays_do(workdir, tmp_path):
    scattered = 0.501  # a threshold above which an untrained generator makes parts
    written = {}
    for flag in ("--noclean", "--clean"):
        succeed(
            *("scripts/sample.py", f"--workdir={workdir}", f"--output={tmp_path}"),
            *("--num_samples=4", "--format=npz,binvox", "--noturntable", flag),
            f"--threshold={scattered}",
        )
        with np.load(tmp_path / "samples.npz") as file:
            raw = file["voxels"]
        grids = [np.load(tmp_path / f"sample_00{i}.npz")["voxels"] for i in range(4)]
        written[flag] = raw, np.stack(grids)
        for i, shape in enumerate(grids):
            grid = read_binvox(tmp_path / f"sample_00{i}.binvox")
            np.testing.assert_array_equal(grid, shape > scattered)
    (raw, kept), (also_raw, cleaned) = written.values()
    np.testing.assert_array_equal(raw, kept)
    np.testing.assert_array_equal(raw, also_raw)
    small = small_parts(raw > scattered)
    assert small.any() and not small_parts(cleaned > scattered).any()
    np.testing.assert_array_equal(cleaned, np.where(small, 0, raw))


@pytest.mark.slow
def test_samples_like_a_data_set_also_from_exported_weights(workdir, tmp_path):
    write_packed(tmp_path / "chairs.npz", make_examples(5))
    like, weights = f"--like={tmp_path / 'chairs.npz'}", tmp_path / "weights"
    export = ("scripts/export.py", "--format=weights", f"--output={weights}")
    succeed(*export, f"--workdir={workdir}", like)
    flags = ("--num_samples=2", "--noturntable", "--format=npz")
    drawn = []
    for arguments in ([f"--workdir={workdir}", like], [f"--workdir={weights}"]):
        output = tmp_path / f"samples_{len(drawn)}"
        command = ("scripts/sample.py", *arguments, *flags, f"--output={output}")
        assert "2 shapes like training shapes, of step 0" in succeed(*command)
        with np.load(output / "samples.npz") as file:
            drawn.append(file["latents"])
    np.testing.assert_array_equal(*drawn)
    prior = (*flags, "--like=prior", f"--output={tmp_path / 'prior'}")
    made = succeed("scripts/sample.py", f"--workdir={weights}", *prior)
    assert "2 shapes of the prior, of step 0" in made


def test_interpolation_and_arithmetic(workdir, tmp_path):
    command = ("scripts/interpolate.py", f"--workdir={workdir}", "--seed=1")
    between = tmp_path / "between"
    succeed(*command, "--between", 0, 4, 2, "--steps=2", f"--output={between}")
    assert {path.name for path in between.iterdir()} == {
        *("strip.png", "interpolation.gif", *(f"step_00{i}.glb" for i in range(5))),
    }
    pictures = [make_picture(tmp_path / f"{i}.png", i) for i in range(3)]
    result = tmp_path / "sum"
    succeed(*command, "--arithmetic", *pictures, f"--output={result}", "--format=obj")
    assert {path.name for path in result.iterdir()} == {
        *("strip.png", "arithmetic.gif", "a.obj", "b.obj", "c.obj", "result.obj"),
    }


@pytest.mark.slow
def test_export_shows_that_it_works_without_the_library(workdir, tmp_path):
    made = succeed("scripts/export.py", f"--workdir={workdir}", f"--output={tmp_path}")
    assert made.count("for cpu, cuda, tpu") == 3
    assert made.count("largest difference") == 3


@pytest.mark.parametrize("script", ["sample", "reconstruct", "interpolate"])
def test_help_lists_the_flags_that_scripts_share(script):
    listed = run(f"scripts/{script}.py", "--help").stdout
    for flag in ("workdir", "checkpoint", "format", "threshold", "smooth", "min_part"):
        assert f"--{flag}:" in listed


def test_weights_alone_are_sampled_from(workdir, tmp_path):
    weights = f"--output={tmp_path / 'weights'}"
    made = succeed(
        "scripts/export.py", "--format=weights", f"--workdir={workdir}", weights
    )
    assert "weights.safetensors" in made
    assert "# mv_vae_gan\n" in (tmp_path / "weights/README.md").read_text("utf-8")
    flags = ("--num_samples=1", "--noturntable", f"--output={tmp_path / 'out'}")
    succeed("scripts/sample.py", f"--workdir={tmp_path / 'weights'}", *flags)
    assert (tmp_path / "out/sample_000.binvox").exists()
    message = fail("scripts/evaluate.py", f"--workdir={tmp_path / 'weights'}")
    assert "does not name its data set; give --data_dir" in message
    # At once: what it would learn from is not made first.
    training = ("scripts/train.py", "--config=configs/mv_vae_gan.py:demo")
    message = fail(*training, f"--workdir={tmp_path / 'weights'}")
    assert "from which training cannot go on" in message
