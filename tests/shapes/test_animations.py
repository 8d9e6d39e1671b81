import numpy as np
from PIL import Image

from vaegan_jax.shapes.animations import save_gif, turntable


def test_a_turntable_turns_once_round_and_repeats(tmp_path, corner_grid):
    frames = list(turntable(corner_grid[None], num_frames=6, image_size=40))
    assert len(frames) == 6
    save_gif(tmp_path / "turn.gif", frames, seconds=3.0)
    with Image.open(tmp_path / "turn.gif") as gif:
        assert gif.n_frames == 6 and gif.size == (48, 48)
        assert gif.info["loop"] == 0 and gif.info["duration"] == 500
        for i, frame in enumerate(frames):
            gif.seek(i)
            error = np.asarray(gif.convert("RGB")).astype(int) - np.asarray(frame)
            assert np.abs(error).mean() < 3
    different = np.abs(np.asarray(frames[0]).astype(int) - np.asarray(frames[3]))
    assert different.mean() > 3


def test_one_frame_of_nothing_is_a_gif(tmp_path):
    frames = list(turntable(np.zeros((1, 8, 8, 8), bool), num_frames=1))
    save_gif(tmp_path / "empty.gif", frames, seconds=0.0)
    with Image.open(tmp_path / "empty.gif") as gif:
        assert gif.n_frames == 1
