import json

import numpy as np
import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.inference.camera_files import (
    CAMERAS,
    check_names,
    entry,
    keep_apart,
    picture_names,
    read_cameras,
    write_cameras,
)
from vaegan_jax.shapes.cameras import ViewCamera


def test_what_is_written_is_read(tmp_path):
    cameras = {
        "stühle": {"a.png": ViewCamera(10.0, 20.0), "b.png": ViewCamera(0.5, -5.0)},
        "two": {"1": ViewCamera(359.0, 30.0, 1.75, 49.13)},
    }
    entries = {
        shape: [entry(name, one, overlap=0.9) for name, one in each.items()]
        for shape, each in cameras.items()
    }
    write_cameras(tmp_path, entries)
    assert read_cameras(tmp_path / CAMERAS) == cameras
    assert [path.name for path in tmp_path.iterdir()] == [CAMERAS]


def test_what_is_not_told_is_usual(tmp_path):
    path = tmp_path / "own.json"
    one = {"picture": "a.png", "azimuth_degrees": 90, "elevation_degrees": 10}
    path.write_text("\ufeff" + json.dumps({"chair": [one]}), "utf-8")
    assert read_cameras(path) == {"chair": {"a.png": ViewCamera(90.0, 10.0)}}


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "is no JSON; write {"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "names no shapes; write {"),
        ("{}", "names no shapes"),
        ('{"a": 3}', "'a' has no list of cameras"),
        ('{"a": [3]}', "a camera of 'a' has no \"picture\""),
        ('{"a": [{"picture": 1}]}', "a camera of 'a' has no \"picture\""),
        ('{"a": [{"picture": "p"}]}', "p of 'a': azimuth_degrees is None; give a"),
        ('{"a": [{"picture": "p", "azimuth_degrees": "1"}]}', "is '1'; give a number"),
        ('{"a": [{"picture": "p", "azimuth_degrees": true}]}', "is True; give a"),
        ('{"a": [{"picture": "p", "distence": 1}]}', "'distence' is unknown; a camera"),
        ('{"a": [], "a": []}', "has 'a' twice in one place; remove one"),
        (
            '{"a": [{"picture": "p", "azimuth_degrees": 1e9, "elevation_degrees": 5}]}',
            "p of 'a': azimuth_degrees is 1000000000.0; give some degrees",
        ),
        (
            '{"a": [{"picture": "p", "azimuth_degrees": 1, "elevation_degrees": 95}]}',
            "p of 'a': ViewCamera.elevation_degrees is 95.0; give an angle",
        ),
        (
            '{"a": [{"picture": "p", "azimuth_degrees": NaN, "elevation_degrees": 5}]}',
            "p of 'a': ViewCamera.azimuth_degrees is nan",
        ),
        (
            '{"a": [{"picture": "p", "azimuth_degrees": 1, "elevation_degrees": 5}, '
            '{"picture": "p", "azimuth_degrees": 1, "elevation_degrees": 5}]}',
            "'a' has two cameras of p; remove one",
        ),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "own.json"
    path.write_text(content)
    with pytest.raises(UserError) as raised:
        read_cameras(path)
    assert str(raised.value).startswith(str(path)) and message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_are_not_there_or_no_text(tmp_path):
    with pytest.raises(UserError, match=r"cannot be read \(no such file"):
        read_cameras(tmp_path / "none.json")
    with pytest.raises(UserError, match=r"cannot be read \(is a directory"):
        read_cameras(tmp_path)
    (tmp_path / "own.json").write_bytes(b"\xff\xfe\x00{}")
    with pytest.raises(UserError, match="is no JSON"):
        read_cameras(tmp_path / "own.json")


def test_cameras_must_be_of_the_pictures(tmp_path):
    picture = np.zeros((4, 4), np.uint8)
    pictures = {"a": [tmp_path / "front.png", tmp_path / "side.png"], "b": [picture]}
    camera = ViewCamera()
    check_names({"a": {"side.png": camera}, "b": {"1": camera}}, pictures)
    assert picture_names([picture, picture]) == ["1", "2"]
    assert picture_names(["a/1.png", "b/1.png"]) == ["a/1.png", "b/1.png"]
    assert picture_names(["a.png", "a.png"]) == ["1", "2"]
    with pytest.raises(UserError, match="cameras of 'c', but the shapes are: a, b"):
        check_names({"c": {}}, pictures)
    with pytest.raises(
        UserError, match=r"of back\.png of 'a', but .* front\.png, side"
    ):
        check_names({"a": {"back.png": camera}}, pictures)


def test_known_cameras_are_not_written_over(tmp_path):
    write_cameras(tmp_path, {"a": []})
    keep_apart(tmp_path / "other.json", tmp_path)
    with pytest.raises(UserError, match=r"cameras\.json would be replaced by the cam"):
        keep_apart(tmp_path / CAMERAS, tmp_path)
