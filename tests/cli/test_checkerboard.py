import numpy as np
import pytest

from warpkit.cli._checkerboard import LONGEST, SHORTEST, checkerboard
from warpkit.cli._views import View


def view(height, width, covered=None):
    """The fixed image is red, the aligned one blue."""
    red, blue = (
        np.broadcast_to(np.array(colour), (height, width, 3)) for colour in ((1.0, 0, 0), (0, 0, 1.0))
    )
    return View(red, blue, blue, np.ones((height, width), bool) if covered is None else covered)


def test_squares_alternate():
    picture = checkerboard([view(800, 640)])
    assert picture.shape == (800, 640, 3)
    for row in range(10):
        for column in range(8):
            middle = picture[80 * row + 20 : 80 * row + 60, 80 * column + 20 : 80 * column + 60]
            assert (middle == ([255, 0, 0] if (row + column) % 2 == 0 else [0, 0, 255])).all()


def test_crosses_where_squares_meet_only():
    picture = checkerboard([view(800, 640)])
    gold = (picture[..., 1] > 0).nonzero()
    assert len(gold[0])
    for pixels in gold:
        assert (abs((pixels + 40) % 80 - 40) <= 6).all()
        assert set(np.round(pixels / 80)) <= set(range(1, 10))  # none on the edges


def test_beyond_the_moving_image_the_fixed_one_is_dark():
    covered = np.ones((800, 640), bool)
    covered[:, 320:] = False
    dark = checkerboard([view(800, 640, covered)])[:, 320:]
    assert (dark[..., 0] == dark[0, 0, 0]).all()
    assert 0 < dark[0, 0, 0] < 128
    assert (dark[..., 1:] == 0).all()


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [
        ((40, 20), (SHORTEST, SHORTEST // 2)),
        ((4000, 1000), (LONGEST, LONGEST // 4)),
        ((1, 1), (SHORTEST, SHORTEST)),
    ],
)
def test_sizes(shape, drawn):
    assert checkerboard([view(*shape)]).shape == (*drawn, 3)


def test_slices_stand_side_by_side():
    picture = checkerboard([view(480, 300), view(240, 300), view(240, 480)])
    assert picture.shape[0] == 480
    assert 1080 < picture.shape[1] <= 1080 + 40
    assert (picture[:100, -400:] == picture[0, -1]).all()  # the lower ones are in the middle of their height
    assert (picture[-100:, -400:] == picture[0, -1]).all()
