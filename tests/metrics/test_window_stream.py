import itertools

import numpy as np
import pytest

from warpkit.metrics import _window_stream as stream
from warpkit.metrics import window_sum


@pytest.mark.parametrize("radius", [0, 1, 3, 8])
@pytest.mark.parametrize("shape", [(1,), (23,), (11, 6), (9, 3, 4)])
@pytest.mark.parametrize("elements", [1, 30, 10**6])
def test_slabs_give_what_the_whole_gives(radius, shape, elements, monkeypatch):
    monkeypatch.setattr(stream, "ELEMENTS", elements)
    image = np.random.default_rng(0).integers(-9, 9, shape).astype(float)
    sums = stream.WindowStream(image, radius)
    parts = [sums.push(stream.planes(image, *ends)) for ends in stream.slabs(shape, radius)]
    np.testing.assert_array_equal(
        np.concatenate(parts)[radius:], window_sum(image[None, None], radius=radius)[0, 0]
    )


def test_slabs_follow_each_other():
    found = list(stream.slabs((100, 200, 200), 3))
    assert found[0] == (0, 6)
    assert found[-1][1] == 103
    assert all(one[1] == next_one[0] for one, next_one in itertools.pairwise(found))


def test_planes_beyond_are_zeros():
    x = np.arange(1.0, 4.0)
    np.testing.assert_array_equal(stream.planes(x, -2, 5), [0, 0, 1, 2, 3, 0, 0])
    np.testing.assert_array_equal(stream.planes(x, 1, 3), [2, 3])
    np.testing.assert_array_equal(stream.planes(x, 3, 5), [0, 0])
    np.testing.assert_array_equal(stream.planes(x, -5, -3), [0, 0])
