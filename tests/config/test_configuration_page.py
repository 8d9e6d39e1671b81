"""docs/configuration.md tells every field as the code does."""

import re

from flax.traverse_util import flatten_dict

from tests.config import configuration_table as page
from vaegan_jax.config.reference import reference_config


def test_every_field_is_told():
    fields = set(flatten_dict(reference_config("gan").to_dict(), sep="."))
    said = page.comments()
    assert set(said) == fields
    assert [field for field in fields if not said[field]] == []


def test_the_table_is_that_of_the_code():
    """Else: python -m tests.config.configuration_table."""
    assert page.written() == page.table()


def test_the_page_names_fields_that_exist():
    text = page.PAGE.read_text("utf-8")
    fields = page.comments()
    sections = {field.partition(".")[0] for field in fields if "." in field}
    named = re.findall(rf"`((?:{'|'.join(sections)})\.\w+)`", text)
    named += re.findall(r"--config\.([\w.]+)=", text)
    assert {field for field in named if field not in fields} == set()


def test_defaults_that_differ_are_those_of_the_three_models():
    assert page.defaults()["data.num_views"] == "0, 1, 12"
    assert page.defaults()["model.pooling"] == "'mean'"
