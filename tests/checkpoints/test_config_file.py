import json

import pytest

from tests.helpers import tiny_config
from vaegan_jax.checkpoints.config_file import load_config, save_config
from vaegan_jax.errors import UserError


def test_config_round_trip(tmp_path):
    config = tiny_config("gan", **{"train.average_decay": 0.9})
    assert load_config(tmp_path) is None
    save_config(tmp_path, config)
    loaded = load_config(tmp_path)
    assert loaded.to_dict() == json.loads(json.dumps(config.to_dict()))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match=r"config.json is not valid JSON"):
        load_config(tmp_path)
