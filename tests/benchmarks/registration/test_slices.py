"""What is known of slices of brains is found."""

import numpy as np
import pytest

import warpkit as wk
from benchmarks.registration.slices import (
    COPIES,
    angle_and_scale,
    moved_copies,
    slices,
    stack_of_frames,
    two_people,
)


@pytest.fixture(scope="module")
def copies(data):
    del data
    return dict(moved_copies())


def test_a_known_shift(copies):
    result = copies[COPIES[0]]
    assert result.converged, result.reason
    np.testing.assert_allclose(wk.Projective.of(result.transform).theta[0, :2, 2], [13, 17], atol=0.05)
    np.testing.assert_allclose(angle_and_scale(result), [0, 1], atol=1e-3)


@pytest.mark.parametrize(("copy", "angle", "scale"), [(COPIES[1], 10, 1), (COPIES[2], -10, 1 / 1.2)])
def test_known_angles_and_scales(copy, angle, scale, copies):
    result = copies[copy]
    assert result.converged, result.reason
    found = angle_and_scale(result)
    assert found[0] == pytest.approx(angle, abs=0.05)
    assert found[1] == pytest.approx(scale, abs=1e-3)


def test_two_people(data):
    del data
    result, before, after = two_people()
    assert result.converged, result.reason
    assert before == pytest.approx(0.566, abs=0.001)
    assert after > 0.96


def test_rows(data):
    del data
    rows = list(slices())
    assert [row["pair"] for row in rows[:4]] == [*COPIES, "r16 to r64"]
    assert all(row["converged"] == "yes" for row in rows[:4])
    assert len(rows) == 8


def test_a_stack_of_frames(data):
    """As alike as StackReg makes them, or more."""
    del data
    for ours, theirs in stack_of_frames():
        assert ours >= theirs
