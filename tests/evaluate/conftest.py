import pytest

from vaegan_jax.evaluate import learnt_features


@pytest.fixture(scope="module")
def learns_little():
    """Features need not be good where they are not measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learnt_features, "_STEPS", 3)
        yield
