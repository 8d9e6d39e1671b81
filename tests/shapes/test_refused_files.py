"""Every sentence that a mesh or a grid can be refused with, and what commands do then.

The tables are in refused_meshes.py, refused_colours.py and refused_grids.py. Commands
leave such a file out, name it and end with status 0; if it is the only one, or with
--strict, the sentence stands behind "error: " and the status is 1.
"""

import ast

import pytest
from PIL import Image

from data_prep.volumetric_grids.read_grid import read_instance
from tests.helpers import ROOT, assert_error
from tests.shapes.refused_colours import COLOURED
from tests.shapes.refused_grids import BINVOX, GRIDS
from tests.shapes.refused_meshes import MESHES, OFF
from vaegan_jax.errors import UserError
from vaegan_jax.shapes import mislabelled_files
from vaegan_jax.shapes.mesh_files import read_mesh
from vaegan_jax.shapes.voxel_files import read_binvox


def encoded(content):
    return content.encode() if isinstance(content, str) else content


def reason(content, suffix):
    content = encoded(content)
    readers = {".binvox": read_binvox, ".mat": read_instance}
    with pytest.raises(UserError) as error:
        if suffix in readers:
            readers[suffix](content)
        else:
            read_mesh(content, suffix)
    return str(error.value)


ROWS = MESHES + GRIDS


@pytest.mark.parametrize(
    "content, suffix, sentence",
    ROWS,
    ids=[f"{i}{row[1]}" for i, row in enumerate(ROWS)],
)
def test_the_sentence(content, suffix, sentence):
    text = reason(content, suffix)
    assert sentence in text and "\n" not in text


SOURCES = [
    "vaegan_jax/shapes/mesh_files.py",
    "vaegan_jax/shapes/voxel_files.py",
    "data_prep/volumetric_grids/read_grid.py",
    "data_prep/volumetric_grids/matlab_files.py",
    *sorted(
        str(path.relative_to(ROOT))
        for path in (ROOT / "vaegan_jax/shapes/mesh_readers").glob("*.py")
    ),
]


# Of arguments, not of files: test_voxel_files and read_grid_test have them.
OTHER = ("A binvox file holds a cube, not a grid of ", "³; choose another --resolution")


def coloured_reason(content, suffix, materials):
    resource = None if materials is None else lambda name: encoded(materials)
    read_mesh(encoded(content), suffix, resource=resource)  # grey, it is read
    with pytest.raises(UserError) as error:
        read_mesh(encoded(content), suffix, resource=resource, colours=True)
    return str(error.value)


@pytest.mark.parametrize("content, suffix, materials, sentence", COLOURED)
def test_the_sentence_where_colours_are_wanted(content, suffix, materials, sentence):
    text = coloured_reason(content, suffix, materials)
    assert sentence in text and "\n" not in text


def raised_texts(source):
    """The longest fixed part of every sentence that is raised in a module."""
    for node in ast.walk(ast.parse((ROOT / source).read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UserError":
            (argument,) = node.args
            parts = getattr(argument, "values", [argument])
            texts = [p.value for p in parts if isinstance(p, ast.Constant)]
            if texts:
                yield max(texts, key=len)


def test_the_tables_have_every_sentence():
    said = [reason(content, suffix) for content, suffix, _ in ROWS]
    said += [coloured_reason(*row) for *row, _ in COLOURED]
    for source in SOURCES:
        for text in raised_texts(source):
            assert text in OTHER or any(text in other for other in said), (source, text)


def test_every_other_kind_has_a_row():
    said = {text for _, _, text in MESHES}
    for _, text in mislabelled_files._BEGINNINGS:
        assert text in said
    for _, suffixes in mislabelled_files._KINDS:
        assert mislabelled_files._RENAME.format(suffixes[0]) in said


@pytest.mark.slow
def test_what_meshes_does_with_them(run, tmp_path):
    """They are left out and named, status 0; with --strict the first ends it with 1."""
    folder, expected = tmp_path / "meshes", {}
    folder.mkdir()
    for i, (content, suffix, _) in enumerate(MESHES):
        if suffix == ".fbx":
            continue
        name, text = f"{i:03d}{suffix}", reason(content, suffix)
        (folder / name).write_bytes(encoded(content))
        if "it refers to another file" not in text:  # nor is it in the archive
            expected[name] = text
    (folder / "whole.off").write_text(OFF)
    flags = ("--no-views", "--resolution=8", f"--input={folder}")
    result = run("meshes", *flags, f"--output={tmp_path / 'out'}")
    assert result.returncode == 0, result.stderr
    assert "train: 1 shapes" in result.stdout
    for name, text in expected.items():
        assert f"  {name}: {text}\n" in result.stdout
    strict = run("meshes", *flags, "--strict", f"--output={tmp_path / 'strict'}")
    assert_error(strict, "000.off: the file is empty")
    assert not list(tmp_path.glob("strict/**/dataset_info.json"))


def test_what_archive_does_with_them(run, tmp_path):
    """As `meshes`; and a grid without a voxel is no shape."""
    rows = [(content, text) for content, suffix, text in GRIDS if suffix == ".binvox"]
    rows.append((BINVOX + b"\0\x08", "the grid is empty"))
    for i, (content, _) in enumerate([*rows, (BINVOX + b"\1\x08", "")]):
        (tmp_path / f"{i:02d}.binvox").write_bytes(content)
        Image.new("L", (4, 4)).save(tmp_path / f"{i:02d}_001.png")
    flags = (f"--voxels={tmp_path}", f"--views={tmp_path}")
    result = run("archive", *flags, f"--output={tmp_path / 'out'}")
    assert result.returncode == 0, result.stderr
    assert "train: 1 shapes\n1 views each\n" in result.stdout
    told = result.stdout.partition("skipped files: 8\n")[2].splitlines()
    for i, (_, text) in enumerate(rows):
        assert told[i].startswith(f"  {i:02d}.binvox: ") and text in told[i]
    strict = run("archive", *flags, "--strict", f"--output={tmp_path / 'strict'}")
    assert_error(strict, ".binvox: ")
