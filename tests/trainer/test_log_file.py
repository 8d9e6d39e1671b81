"""What is logged stands there once, and what cannot be logged is an error."""

import logging
import pathlib

import numpy as np
import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.trainer.log_file import EventFile, LogFile, cut_log

LOG = """\
10:00:00 training gan in runs/step 9: at step 0 of 12
10:00:01 step 2/12 epoch 0.1
10:00:02 step 4/12 epoch 0.2
10:00:02 step 4: validation: iou 0.5
10:00:03 stopped by a signal; saved step 4 of 12
10:00:04 step 6/12 epoch 0.3
10:00:04 step 6: validation: iou 0.6
"""


def test_lines_of_later_steps_are_cut(tmp_path):
    path = tmp_path / "train.log"
    cut_log(path, 4)
    assert not path.exists()
    path.write_text(LOG + "10:00:05 step 1")  # killed within a line
    cut_log(path, 4)
    assert path.read_text() == "".join(LOG.splitlines(keepends=True)[:5])
    cut_log(path, 0)
    assert [line[9:17] for line in path.read_text().splitlines()] == [
        *("training", "stopped ")
    ]


def test_events_of_later_steps_are_hidden(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = tmp_path / "logs"
    for first, last in ((1, 6), (4, 5)):
        file = EventFile(folder, first)
        for step in range(first, last + 1):
            file.scalars(step, {"loss/a": step + first / 10})
            file.image("picture", step, np.zeros((2, 2, 3), np.uint8))
        file.flush()
        for path in folder.iterdir():  # two starts within one second
            path.rename(path.with_name(f"{path.name}.{first}"))
    events = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    events.Reload()
    seen = [(event.step, round(event.value, 1)) for event in events.Scalars("loss/a")]
    assert seen == [(1, 1.1), (2, 2.1), (3, 3.1), (4, 4.4), (5, 5.4)]
    assert [event.step for event in events.Images("picture")] == [1, 2, 3, 4, 5]


@pytest.mark.skipif(
    not pathlib.Path("/dev/full").exists(), reason="this system has no /dev/full"
)
def test_a_full_disk_ends_training_with_a_sentence(tmp_path, monkeypatch):
    logger = logging.Logger("full")
    logger.addHandler(LogFile("/dev/full"))
    with pytest.raises(UserError, match=r"/dev/full \(No space left on device\)"):
        logger.info("a line")
