import numpy as np
import pytest

from warpkit.cli._before_after import FADES, HOLD, write_before_after
from warpkit.cli._views import View


def view(height, width, colours):
    images = [np.broadcast_to(np.array(colour, float), (height, width, 3)) for colour in colours]
    return View(*images, np.ones((height, width), bool))


def film(path):
    pil = pytest.importorskip("PIL.Image")
    frames, durations = [], []
    with pil.open(path) as image:
        assert image.info["loop"] == 0  # for ever
        for i in range(image.n_frames):
            image.seek(i)
            frames.append(np.asarray(image.convert("RGB"), int))
            durations.append(image.info["duration"])
    return frames, durations


RED, GREEN, BLUE = (1, 0, 0), (0, 1, 0), (0, 0, 1)


@pytest.mark.parametrize(
    ("shape", "before", "after"),
    [
        ((300, 300), (slice(50, 300), slice(50, 280)), (slice(50, 300), slice(-280, -50))),
        ((200, 400), (slice(60, 200), slice(50, 380)), (slice(-180, -40), slice(50, 380))),
    ],
)
def test_to_and_fro(tmp_path, shape, before, after):
    """From red to green before, and from red to blue after; beside each other or below."""
    write_before_after(tmp_path / "a.gif", [view(*shape, (RED, GREEN, BLUE))])
    frames, durations = film(tmp_path / "a.gif")
    assert len(frames) == 2 + 2 * FADES
    assert durations[0] == durations[FADES + 1] == HOLD
    for i, frame in enumerate(frames):
        share = min(i, len(frames) - i) / (FADES + 1)
        for place, colour in ((before, GREEN), (after, BLUE)):
            expected = 255 * ((1 - share) * np.array(RED) + share * np.array(colour))
            assert abs(frame[place] - expected).max() <= 8  # a palette's
    assert (frames[0][:38] > 150).any()  # words


def test_greys_stay_exact(tmp_path):
    rng = np.random.default_rng(0)
    grey = np.repeat(rng.integers(0, 256, (250, 250, 1)) / 255, 3, axis=-1)
    write_before_after(tmp_path / "a.gif", [View(grey, grey, grey, np.ones((250, 250), bool))])
    frame = film(tmp_path / "a.gif")[0][0]
    expected = np.rint(255 * grey).astype(int)
    places = np.lib.stride_tricks.sliding_window_view(frame[..., 0], (250, 250))
    assert (places[38:46, 8:16] == expected[..., 0]).all(axis=(2, 3)).any()


def test_three_slices(tmp_path):
    write_before_after(tmp_path / "a.gif", [view(60, 50, (RED, GREEN, BLUE))] * 3)
    frames, _ = film(tmp_path / "a.gif")
    assert all(n > 400 for n in frames[0].shape[:2])  # enlarged, and one row above the other
