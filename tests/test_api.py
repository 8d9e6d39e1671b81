"""What users import stays as it is, unless somebody means to change it."""

import inspect
import re
import subprocess
import sys

import pytest

import vaegan_jax
from tests.helpers import ROOT


def described() -> dict[str, str]:
    """The parameters of each public name, as docs/api.md gives them."""
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    return dict(re.findall(r"^\| `(\w+)(\(.*?\))` \|", text, re.MULTILINE))


def parameters(function) -> str:
    """As in a call: names, and defaults where there are."""
    if isinstance(function, type) and issubclass(function, Exception):
        return "(message)"
    shown = [
        p.replace(annotation=inspect.Parameter.empty)
        for p in inspect.signature(function).parameters.values()
    ]
    return str(inspect.Signature(shown))


@pytest.mark.parametrize("name", vaegan_jax.__all__)
def test_a_public_name_is_documented_as_it_is(name):
    assert described()[name] == parameters(getattr(vaegan_jax, name))
    assert inspect.getdoc(getattr(vaegan_jax, name))


def test_nothing_else_is_documented():
    assert set(described()) == set(vaegan_jax.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = vaegan_jax.nothing


def test_importing_the_library_starts_nothing():
    program = (
        "import sys, vaegan_jax; print({'jax', 'tensorflow'} & sys.modules.keys())"
    )
    made = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert made.strip() == "set()"
