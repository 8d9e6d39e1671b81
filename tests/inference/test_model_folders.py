"""Models that are named by an address; none is fetched from the network."""

import pathlib
import sys
import types

import pytest

import vaegan_jax
from tests.helpers import assert_trees_equal, make_examples
from tests.using import make_model
from vaegan_jax import errors, pretrained
from vaegan_jax.errors import UserError
from vaegan_jax.inference.export import write_weights
from vaegan_jax.inference.likeness import like_examples
from vaegan_jax.inference.model_card import card, write_card
from vaegan_jax.inference.model_folders import is_folder, model_folder

COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    model = like_examples(make_model("mv_vae_gan"), make_examples())
    write_weights(model, folder)
    write_card(card(model, folder), folder)
    return folder


@pytest.fixture
def fetched(monkeypatch, tmp_path):
    """What the Hub is asked for; it answers with the files that were put there."""
    asked = []

    def snapshot_download(repository, *, revision, allow_patterns):
        asked.append((repository, revision, allow_patterns))
        return str(tmp_path)

    stub = types.SimpleNamespace(snapshot_download=snapshot_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", stub)
    return asked


def put(source: pathlib.Path, folder: pathlib.Path):
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        (folder / path.name).symlink_to(path)  # as the Hub's cache does


def test_a_model_is_loaded_from_an_address(fetched, weights, tmp_path):
    put(weights, tmp_path)
    loaded = vaegan_jax.load("hf://some-user/chairs.v2")
    assert_trees_equal(loaded.variables, vaegan_jax.load(weights).variables)
    assert loaded.mixture is not None
    assert model_folder("hf://user/name@v1.0") == tmp_path
    assert [one[:2] for one in fetched] == [
        ("some-user/chairs.v2", None),
        ("user/name", "v1.0"),
    ]


def test_exactly_what_weights_are_is_fetched(fetched, weights, tmp_path):
    """So no program of a stranger's, and no checkpoint."""
    put(weights, tmp_path)
    model_folder("hf://user/name")
    ((_, _, patterns),) = fetched
    assert sorted(patterns) == sorted(path.name for path in weights.iterdir())
    kinds = {pathlib.Path(name).suffix for name in patterns}
    assert kinds == {".safetensors", ".json", ".npz", ".md"}


def test_a_repository_of_something_else_is_named(fetched, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match=r"hf://user/name has no weights\.safetensors"):
        vaegan_jax.load("hf://user/name")


@pytest.mark.parametrize(
    "address", ["hf://", "hf://name", "hf://a/b/c", "hf://a/b@", "hf://a/b@../../c"]
)
def test_an_address_that_is_none(fetched, address):
    with pytest.raises(UserError, match="is no address of a model; write hf://USER"):
        vaegan_jax.load(address)
    assert fetched == []


def test_what_the_hub_says_becomes_one_line(monkeypatch):
    def refuse(*_, **__):
        raise OSError("404 Client Error.\n\nRepository Not Found\n")

    stub = types.SimpleNamespace(snapshot_download=refuse)
    monkeypatch.setitem(sys.modules, "huggingface_hub", stub)
    said = "hf://a/b cannot be fetched: 404 Client Error. Repository Not Found"
    with pytest.raises(UserError) as raised:
        vaegan_jax.load("hf://a/b")
    assert str(raised.value) == said


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[hub\]'"):
        vaegan_jax.load("hf://user/name")
    monkeypatch.setattr(errors, "_CHECKOUT", False)  # but a wheel
    with pytest.raises(UserError, match=r"pip install 'vaegan_jax\[hub\]'"):
        vaegan_jax.load("hf://user/name")


def test_the_hubs_own_cache_is_read(monkeypatch, weights, tmp_path):
    pytest.importorskip("huggingface_hub", reason="pip install -e '.[hub]'")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    kept = tmp_path / "models--user--name"
    put(weights, kept / "snapshots" / COMMIT)
    (kept / "refs").mkdir()
    (kept / "refs/main").write_text(COMMIT)
    for address in ("hf://user/name", f"hf://user/name@{COMMIT}"):
        loaded = vaegan_jax.load(address)
        assert_trees_equal(loaded.variables, vaegan_jax.load(weights).variables)
    with pytest.raises(UserError, match="hf://user/name@v1 cannot be fetched: "):
        vaegan_jax.load("hf://user/name@v1")


def test_what_comes_with_the_library_has_a_name():
    assert (
        model_folder(None) == model_folder("pretrained") == pretrained.default_model()
    )
    assert [is_folder(x) for x in (None, "pretrained", "./pretrained", "hf://a/b")] == [
        *(False, False, True, False),
    ]
    here = pathlib.Path("pretrained")  # a path is one
    assert is_folder(here) and model_folder(here) == here


def test_a_folder_of_that_name_is_not_passed_over(tmp_path, monkeypatch):
    (tmp_path / "pretrained").mkdir()
    monkeypatch.chdir(tmp_path)
    assert model_folder("pretrained") == pretrained.default_model()
    (tmp_path / "pretrained/config.json").write_text("{}")
    with pytest.raises(UserError, match=r"write \./pretrained for that, or rename it"):
        model_folder("pretrained")
    assert model_folder("./pretrained") == pathlib.Path("pretrained")
    assert model_folder(None) == pretrained.default_model()
