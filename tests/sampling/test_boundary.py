"""Boundary rules against patterns anyone can draw, and against NumPy's pad."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warpkit.sampling import BOUNDARIES
from warpkit.sampling._boundary import LARGEST_INDEX, resolve_index

PAD_MODES = {"border": "edge", "reflect": "symmetric", "mirror": "reflect", "wrap": "wrap"}
PERIODIC = ("reflect", "mirror", "wrap")


def resolve(index, length, boundary):
    return resolve_index(np.asarray(index, np.float64), length, boundary)


@pytest.mark.parametrize(
    ("boundary", "pattern"),
    [
        ("border", "aaaa|abcd|dddd"),
        ("reflect", "dcba|abcd|dcba"),
        ("mirror", "dcb|abcd|cba"),
        ("wrap", "abcd|abcd|abcd"),
    ],
)
def test_patterns(boundary, pattern):
    """What an axis a b c d looks like from outside."""
    before, _, after = pattern.split("|")
    pixel, inside, answered = resolve(np.arange(-len(before), 4 + len(after)), 4, boundary)
    assert "".join("abcd"[i] for i in pixel) == pattern.replace("|", "")
    assert inside is None
    assert answered.all()


@given(st.integers(1, 9), st.sampled_from(sorted(PAD_MODES)))
def test_against_pad(length, boundary):
    """Far out too, and for an axis of one pixel."""
    far = 5 * length + 3
    expected = np.pad(np.arange(length), far, mode=PAD_MODES[boundary])
    pixel, _, _ = resolve(np.arange(-far, length + far), length, boundary)
    np.testing.assert_array_equal(pixel, expected)


def test_constant():
    pixel, inside, answered = resolve([-np.inf, -1, -0.0, 3, 4, np.inf], 4, "constant")
    assert inside.tolist() == [False, False, True, True, False, False]
    assert pixel.tolist() == [0, 0, 0, 3, 0, 0]
    assert answered.all()


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_nan_has_no_answer(boundary):
    pixel, _, answered = resolve([np.nan, 1], 4, boundary)
    assert pixel.tolist() == [0, 1]
    assert answered.tolist() == [False, True]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_far_away(boundary):
    """A periodic rule answers while float64 still counts pixels; the others answer everywhere."""
    far = np.array([LARGEST_INDEX - 1, LARGEST_INDEX, 2.0**60, 1e300, np.inf])
    for index in (far, -far):
        pixel, inside, answered = resolve(index, 7, boundary)
        assert answered.tolist() == [True] + [boundary not in PERIODIC] * 4
        assert ((pixel >= 0) & (pixel < 7)).all()
        if boundary == "constant":
            assert not inside.any()
        if boundary == "border":
            assert pixel.tolist() == [6 if index[0] > 0 else 0] * 5


def test_far_away_is_exact():
    """Python's integers know the remainders of large numbers."""
    last = int(LARGEST_INDEX) - 1
    for length in (3, 7, 1000):
        assert resolve([last, -last], length, "wrap")[0].tolist() == [last % length, -last % length]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_no_pixel_is_out_of_range(boundary):
    """For any index at all: this is what keeps reads inside the image."""
    rng = np.random.default_rng(0)
    index = np.floor(rng.standard_normal(2000) * 10.0 ** rng.integers(0, 300, 2000))
    for length in (1, 2, 5):
        pixel, _, _ = resolve(index, length, boundary)
        assert pixel.dtype == np.int64
        assert pixel.min() >= 0
        assert pixel.max() < length


def test_unknown():
    with pytest.raises(ValueError, match=r"boundary: expected one of 'constant', .*, given 'zeros'"):
        resolve([0], 4, "zeros")
