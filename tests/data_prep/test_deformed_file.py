"""`prepare_data.py deform` adds to a packed file what training can use."""

import numpy as np
import pytest

from data_prep.derived.deformed_file import deform_packed
from data_prep.making import parallel
from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from tests.helpers import assert_error, make_examples, progress_lines, write_packed
from vaegan_jax.data import packed_source
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.render import render_views
from vaegan_jax.shapes.voxelize import voxelize


@pytest.fixture
def packed(tmp_path):
    """Three shapes, a validation split of the same, and how they were made."""
    path = tmp_path / "data.npz"
    examples = make_examples(count=3, num_views=2, resolution=32)
    examples.categories.extend(["chair"] * 3)
    write_packed(path, examples, ("train", "validation"), source="a test")
    return path


def test_a_third_stays_as_it_was(packed, run, tmp_path):
    output = tmp_path / "more.npz"
    result = run("deform", f"--packed={packed}", f"--output={output}", "--copies=4")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(output)
    told = progress_lines(result.stderr)
    assert told[0].startswith("deforming: 0/12, ")
    assert told[-1].startswith("deforming: 12/12, ") and len(told) < 9
    before = packed_source.read_split(packed, "train")
    after = packed_source.read_split(output, "train")
    assert len(after) == 18 and after.categories == ["chair"] * 18
    assert after.names[:6] == before.names * 2
    assert after.names[6:9] == [f"{name}_deformed_0" for name in before.names]
    for field in ("voxels", "views"):
        kept = getattr(after, field)[:6].reshape(2, 3, -1)
        assert (kept == getattr(before, field).reshape(1, 3, -1)).all()
        assert getattr(after, field).dtype == np.uint8
    copies = after.voxels[6:].reshape(12, -1)
    assert len(np.unique(copies, axis=0)) == 12  # no two alike
    assert (after.views[6:] == 255).any()  # a white background, which noise has not

    untouched = packed_source.read_split(output, "validation")
    assert (untouched.views == before.views).all()
    facts = read_provenance(output)
    assert facts["source"] == "a test"
    assert facts["deformed"] == {"copies": 4, "seed": 0}


def test_procedural_chairs_are_added_as_surfaces(tmp_path, run):
    path, output = tmp_path / "data.npz", tmp_path / "more.npz"
    examples = make_examples(count=2, num_views=2, resolution=32)
    examples.categories.extend(["seat"] * 2)
    camera = {"num_views": 2, "elevation_degrees": 10.0}
    write_packed(path, examples, camera=camera, voxelizer={"centred": False})
    options = (f"--output={output}", "--copies=1", "--procedural=3")
    result = run("deform", f"--packed={path}", *options)
    assert result.returncode == 0, result.stderr
    after = packed_source.read_split(output, "train")
    assert after.names[4:] == [f"procedural_{i:05d}" for i in range(3)]
    assert after.categories == ["seat"] * 4 + ["chair"] * 3
    mesh = build_chair(sample_parameters(2, 1))
    expected = voxelize(mesh, 32, solid=False, centred=False)
    np.testing.assert_array_equal(after.voxels[6], expected)
    for index in range(3):  # those of the procedural data set, which measures on some
        embedded = surface(index, seed=0)
        assert not (after.voxels[4:] == embedded).all((1, 2, 3)).any()
    views = render_views(mesh, Camera(**camera), 32)
    np.testing.assert_array_equal(after.views[6, ..., 0], views)
    assert read_provenance(output)["deformed"]["procedural"] == 3


def surface(index, seed):
    mesh = build_chair(sample_parameters(index, seed))
    return voxelize(mesh, 32, solid=False, centred=False)


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_another_split_holds_is_not_added(tmp_path, run, mirrored):
    path, output = tmp_path / "data.npz", tmp_path / "more.npz"
    train, test = (make_examples(2, 1, resolution=32, seed=seed) for seed in (0, 1))
    test.names[1] = "the_one"
    test.voxels[1] = surface(1, seed=1)[:: -1 if mirrored else 1]
    facts = {"voxelizer": {"centred": False}}
    packed_source.write(path, {"train": train, "test": test}, facts)
    options = (f"--packed={path}", f"--output={output}", "--copies=1", "--procedural=2")
    result = run("deform", *options)
    assert_error(result, "procedural_00001", "the_one of split test", "--seed")
    assert not output.exists()
    assert run("deform", *options, "--seed=1").returncode == 0


def test_jitter_changes_views_of_what_is_added_alone(packed, run, tmp_path):
    files = {}
    for name, option in (("ring", []), ("jitter", ["--jitter"])):
        output = tmp_path / f"{name}.npz"
        options = ("--copies=1", "--procedural=2", *option)
        result = run("deform", f"--packed={packed}", f"--output={output}", *options)
        assert result.returncode == 0, result.stderr
        files[name] = packed_source.read_split(output, "train")
        facts = read_provenance(output)["deformed"]
        assert facts.get("jitter", False) == bool(option)
    ring, jitter = files["ring"], files["jitter"]
    assert np.array_equal(ring.voxels, jitter.voxels)
    # A file without a record is unknown about its own shapes, and tells what is added.
    for file in (ring, jitter):
        assert np.isnan(file.cameras[:3]).all() and np.isfinite(file.cameras[3:]).all()
    usual = numbers_of(Camera(2).views())
    np.testing.assert_allclose(ring.cameras[3:], np.tile(usual, (5, 1, 1)), rtol=1e-6)
    turned = np.abs(jitter.cameras[3:] - usual)
    assert (turned[..., 0] <= 15).all() and (turned > 0).all()
    same = (ring.views == jitter.views).all((1, 2, 3, 4))
    assert same.tolist() == [True] * 3 + [False] * 5  # three copies, two procedural


def test_copies_depend_on_the_seed_alone(packed, tmp_path):
    read = []
    for i, seed in enumerate((1, 1, 2)):
        deform_packed(packed, tmp_path / f"{i}.npz", copies=1, seed=seed)
        read.append(packed_source.read_split(tmp_path / f"{i}.npz", "train").views)
    assert (read[0] == read[1]).all() and not (read[0] == read[2]).all()


def test_the_recorded_camera_takes_the_views(tmp_path):
    seen = []
    for elevation in (0.0, 80.0):
        camera = {"num_views": 2, "elevation_degrees": elevation}
        path = tmp_path / f"{elevation}.npz"
        examples = make_examples(count=1, num_views=2)
        examples.voxels[:] = 0
        examples.voxels[:, 4:28, 4:28, 4] = 1  # a plate
        write_packed(path, examples, camera=camera)
        deform_packed(path, path, copies=1)
        views = packed_source.read_split(path, "train").views[1]
        seen.append((views < 250).mean())
    assert seen[0] < 0.1 < 0.2 < seen[1]


def test_processes_make_what_one_makes_and_corners_stay(tmp_path, monkeypatch):
    examples = make_examples(count=26, num_views=1, image_size=16)
    examples.voxels[:] = 0
    examples.voxels[:, :20, :24, :28] = 1
    path = tmp_path / "data.npz"
    write_packed(path, examples, voxelizer={"centred": False})
    made = []
    for processes in (2, 1):
        monkeypatch.setattr(parallel, "usable_cores", lambda n=processes: n)
        deform_packed(path, tmp_path / "more.npz", copies=1)
        made.append(packed_source.read_split(tmp_path / "more.npz", "train"))
    assert (made[0].voxels == made[1].voxels).all()
    assert (made[0].views == made[1].views).all()
    assert (made[0].voxels[26:, 0, 0, 0] == 1).all()


def test_what_cannot_be_deformed(packed, run, tmp_path):
    output = f"--output={tmp_path / 'more.npz'}"
    result = run("deform", f"--packed={packed}", f"--output={tmp_path / 'more.zip'}")
    assert_error(result, "more.zip must have a name that ends in .npz")
    result = run("deform", f"--packed={tmp_path / 'none.npz'}", output)
    assert_error(result, "none.npz does not exist")
    result = run("deform", f"--packed={packed}", output, "--seed=-1")
    assert_error(result, "the seed is -1; it must be 0 or more")

    write_packed(packed, make_examples(count=3), ("test",))
    with pytest.raises(UserError, match="has no split 'train'; it has"):
        deform_packed(packed, tmp_path / "more.npz")
    write_packed(packed, make_examples(count=3), deformed={"copies": 1})
    with pytest.raises(UserError, match="has deformed copies already"):
        deform_packed(packed, tmp_path / "more.npz")
    for camera in ({"lens": 1}, {"elevation_degrees": "high"}):
        write_packed(packed, make_examples(count=3), camera=camera)
        with pytest.raises(UserError, match="records no known camera"):
            deform_packed(packed, tmp_path / "more.npz")
    odd = make_examples(count=3)
    object.__setattr__(odd, "views", odd.views.repeat(2, -1))
    write_packed(packed, odd)
    with pytest.raises(UserError, match="must be square and grey or of"):
        deform_packed(packed, tmp_path / "more.npz")

    empty = make_examples(count=3)
    empty.voxels[1] = 0
    write_packed(packed, empty)
    result = run("deform", f"--packed={packed}", output)
    assert_error(result, "shape_1 is empty; leave it out")
    write_packed(packed, make_examples(count=3, num_views=0, image_size=0))
    result = run("deform", f"--packed={packed}", output)
    assert_error(result, "without --no-views")
    assert not (tmp_path / "more.npz").exists()
