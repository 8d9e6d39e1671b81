import numpy as np
import pytest
from jax import export as jax_export

from tests.helpers import AZIMUTHS, REFINER, progress_lines
from tests.using import make_lively, make_model
from vaegan_jax.errors import UserError
from vaegan_jax.inference.export import check_exported, export_model
from vaegan_jax.shapes.cameras import Camera, numbers_of


def random_views(count: int, views: int, size: int = 32) -> np.ndarray:
    shape = (count, views, size, size, 1)
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def ring(count: int, views: int) -> np.ndarray:
    cameras = np.float32(numbers_of(Camera(views).views()))
    return np.tile(cameras, (count, 1, 1))


def read_reconstructor(folder):
    return jax_export.deserialize((folder / "reconstructor.jaxexport").read_bytes())


def test_artefacts_give_the_same_shapes_without_the_library(tmp_path):
    """Also for other numbers of shapes and views than in their check."""
    model = make_model("mv_vae_gan", **AZIMUTHS)  # the longest program
    paths = export_model(model, tmp_path)
    report = check_exported(tmp_path)
    assert [path.stem for path in paths] == ["generator", "encoder", "reconstructor"]
    assert report.count("largest difference") == 3

    exported = read_reconstructor(tmp_path)
    assert set(exported.platforms) == {"cpu", "cuda", "tpu"}
    # Products on CPUs, the backend's convolutions elsewhere.
    program = exported.mlir_module()
    assert "stablehlo.case" in program and "stablehlo.convolution" in program
    views = random_views(1, 5)
    np.testing.assert_allclose(
        exported.call(views), model.reconstruct(views), atol=1e-5
    )


@pytest.mark.parametrize("seen", [0, 32])
def test_a_reconstructor_with_a_refiner_takes_cameras(tmp_path, seen):
    """Also where R sees more of the views than E."""
    size = 2 * seen or 32
    fields = {"model.image_size": size, "model.encoder_image_size": seen}
    model = make_lively(make_model("vae_gan", **REFINER, **fields))
    export_model(model, tmp_path)
    reconstruct = read_reconstructor(tmp_path).call
    views, cameras = random_views(3, 5, size), ring(3, 5)
    made = reconstruct(views, cameras)
    np.testing.assert_allclose(made, model.reconstruct(views, cameras), atol=1e-5)
    # Views of unknown cameras are not read: these only have a part in the latent.
    told = model.encode_each(views)
    expected = model.refine(told, views[:, :2], cameras[:, :2])
    cameras[:, 2:] = np.nan
    unread = reconstruct(views, cameras)
    np.testing.assert_allclose(unread, expected, atol=1e-5)
    assert not np.allclose(made, unread, atol=0.01)


@pytest.mark.slow
def test_heads_of_azimuths_are_told_these_too(tmp_path):
    model = make_lively(make_model("mv_vae_gan", **REFINER, **AZIMUTHS))
    export_model(model, tmp_path)
    told = check_exported(tmp_path)
    line = "reconstructor.jaxexport: (2, 3, 32, 32, 1) and (2, 3, 4) -> (2, 8, 8, 8), "
    assert line in told and told.count("largest difference") == 3
    views, cameras = random_views(1, 2), ring(1, 2)
    np.testing.assert_allclose(
        read_reconstructor(tmp_path).call(views, cameras),
        model.reconstruct(views, cameras),
        atol=1e-5,
    )


def test_a_plain_gan_has_a_generator_alone(tmp_path, capfd):
    for name in ("encoder", "reconstructor", "mine"):  # of an export before, or not
        (tmp_path / f"{name}.jaxexport").write_bytes(b"old")
    assert [p.stem for p in export_model(make_model("gan"), tmp_path)] == ["generator"]
    told = progress_lines(capfd.readouterr().err)
    assert [line.split(", 00")[0] for line in told] == [
        "exporting: 0/1",
        "exporting, numbers to check it by: 0/1",
        "exporting, generator: 0/1",
        "exporting, generator: 1/1",
    ]
    left = {path.stem for path in tmp_path.glob("*.jaxexport")}
    assert left == {"generator", "mine"}


def test_other_numbers_are_noticed(tmp_path):
    export_model(make_model("gan"), tmp_path)
    check = dict(np.load(tmp_path / "check.npz"))
    check["generator_output"][0, 3, 4, 5] += 0.1
    np.savez(tmp_path / "check.npz", **check)
    with pytest.raises(UserError, match=r"generator.jaxexport differs by 0\.1"):
        check_exported(tmp_path)


def test_nothing_to_check_is_told(tmp_path):
    export_model(make_model("gan"), tmp_path)
    np.savez(tmp_path / "check.npz")
    with pytest.raises(UserError, match=r"check\.npz checks no program; export"):
        check_exported(tmp_path)


@pytest.mark.parametrize("content", [None, b"cut off"])
def test_an_artefact_that_is_missing_or_damaged_is_named(tmp_path, content):
    export_model(make_model("gan"), tmp_path)
    (tmp_path / "generator.jaxexport").unlink()
    if content is not None:
        (tmp_path / "generator.jaxexport").write_bytes(content)
    with pytest.raises(UserError, match=r"generator\.jaxexport cannot be read.*again"):
        check_exported(tmp_path)
