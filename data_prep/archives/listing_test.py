"""Paths tell category, split and name, in every layout that is around."""

import zipfile

import pytest

from data_prep.archives.archive import Archive
from data_prep.archives.archive_test import write_links
from data_prep.archives.listing import find_shapes, identify_by_folders
from vaegan_jax.errors import UserError


@pytest.mark.parametrize(
    "path, expected",
    [
        ("ModelNet10/chair/train/chair_0001.off", ("chair", "train", "chair_0001")),
        ("chair/test/chair_0890.off", ("chair", "test", "chair_0890")),
        ("train/chair/a.obj", ("chair", "train", "a")),
        ("set/val/chair/a.obj", ("chair", "validation", "a")),
        ("train/a.obj", ("", "train", "a")),
        ("03001627/1a2b/models/model_normalized.obj", ("chair", None, "1a2b")),
        ("ShapeNet/99/1a2b/models/model_normalized.obj", ("99", None, "1a2b")),
        ("1a2b/model_normalized.obj", ("", None, "1a2b")),
        ("chair/stool/scene.gltf", ("chair", None, "stool")),
        ("chair/a.stl", ("chair", None, "a")),
        ("a.b.stl", ("", None, "a.b")),
    ],
)
def test_layouts(path, expected):
    file = identify_by_folders(path)
    assert (file.category, file.split, file.name) == expected


@pytest.fixture
def folder(tmp_path):
    """Makes empty files and opens their folder: `folder(["chair/a.off"])`."""

    def make(paths, root="."):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        return Archive(tmp_path / root)

    return make


def found(archive, *categories):
    listing = find_shapes(archive, (".off", ".obj"), categories)
    return [file.key for file in listing.files]


def test_categories(folder):
    archive = folder(
        ["chair/a.off", "03001627/b/models/model_normalized.obj", "d/c.off"]
    )
    assert found(archive) == ["chair/a", "chair/b", "d/c"]
    assert found(archive, "chair") == ["chair/a", "chair/b"]
    assert found(archive, "03001627") == ["chair/a", "chair/b"]
    assert found(archive, "d", "chair") == ["chair/a", "chair/b", "d/c"]
    with pytest.raises(UserError, match="no shape of category sofa; it has chair, d"):
        found(archive, "sofa")
    with pytest.raises(UserError, match="no shape of category sofa; it has chair, d"):
        found(archive, "chair", "sofa")


def test_files_without_a_category_are_of_the_one_asked_for(folder):
    assert found(folder(["a.off", "b.OFF"]), "chair") == ["chair/a", "chair/b"]


def test_a_folder_that_is_itself_a_split(folder):
    assert found(folder(["chair/train/a.off"], "chair/train"), "chair") == [
        "chair/train/a"
    ]


def test_what_is_not_a_mesh_is_named(folder):
    archive = folder(["a.fbx", "b.fbx", "README"])
    message = r"no \.off, \.obj file, only \.fbx \(2\), no suffix \(1\)"
    with pytest.raises(UserError, match=message):
        found(archive)


def test_an_empty_folder(tmp_path):
    with pytest.raises(UserError, match="it is empty"):
        found(Archive(tmp_path))


def test_two_files_of_one_name(folder):
    listing = find_shapes(folder(["chair/a.obj", "chair/a.off"]), (".off", ".obj"))
    assert [file.path for file in listing.files] == ["chair/a.obj"]
    assert "is shape chair/a already" in listing.rejected["chair/a.off"]


def test_climbing_and_hidden_names(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in (
            *("chair/a.off", "../b.off", "chair/../../c.off", "/d.off", "C:\\e.off"),
            *("__MACOSX/chair/._a.off", "chair/.hidden.off", "@eaDir/a.off"),
        ):
            file.writestr(name, b"")
    listing = find_shapes(Archive(tmp_path / "a.zip"), (".off",))
    assert [file.key for file in listing.files] == ["chair/a"]
    assert set(listing.rejected) == {
        *("../b.off", "chair/../../c.off", "/d.off", "C:\\e.off")
    }
    assert all("climbs out" in reason for reason in listing.rejected.values())
    assert len(listing.ignored) == 3


def test_nothing_but_hidden_files(folder):
    with pytest.raises(UserError, match=r"\._a\.off and all other .* are hidden"):
        found(folder(["chair/._a.off", "README"]))


@pytest.mark.parametrize("name", ["links.zip", "links.tar"])
def test_links_are_told_in_one_line(tmp_path, name):
    with Archive(write_links(tmp_path / name)) as archive:
        listing = find_shapes(archive, (".off",))
        assert [file.key for file in listing.files] == ["a/one"]
        (told,) = listing.rejected.items()
        assert told[0] == "a/sym.off" and told[1].startswith(
            "no file but a link (and 2 more); "
        )


def test_names_that_begin_with_the_folder_itself(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("./chair/a.off", b"")
    assert found(Archive(tmp_path / "a.zip")) == ["chair/a"]
