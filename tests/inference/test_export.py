import numpy as np
import pytest
from jax import export as jax_export

from tests.helpers import AZIMUTHS, progress_lines
from tests.using import make_model
from vaegan_jax.errors import UserError
from vaegan_jax.inference.export import check_exported, export_model


def test_artefacts_give_the_same_shapes_without_the_library(tmp_path):
    """Also for other numbers of shapes and views than in their check."""
    model = make_model("mv_vae_gan", **AZIMUTHS)  # the longest program
    paths = export_model(model, tmp_path)
    report = check_exported(tmp_path)
    assert [path.stem for path in paths] == ["generator", "encoder", "reconstructor"]
    assert report.count("largest difference") == 3

    exported = jax_export.deserialize(
        (tmp_path / "reconstructor.jaxexport").read_bytes()
    )
    assert set(exported.platforms) == {"cpu", "cuda", "tpu"}
    # Products on CPUs, the backend's convolutions elsewhere.
    program = exported.mlir_module()
    assert "stablehlo.case" in program and "stablehlo.convolution" in program
    views = np.random.default_rng(1).integers(0, 256, (1, 5, 32, 32, 1), np.uint8)
    np.testing.assert_allclose(
        exported.call(views), model.reconstruct(views), atol=1e-5
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
