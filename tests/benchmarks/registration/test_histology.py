"""Landmarks of stained tissue end about where they should."""

import numpy as np
import pytest

import warpkit as wk
from benchmarks.registration.histology import PAIRS, read_pair


def test_landmarks_are_read(data):
    del data
    for name, count in zip(PAIRS, (69, 78), strict=True):
        (fixed, moving), (one, other) = read_pair(name)
        assert fixed.ndim == moving.ndim == 2
        assert one.shape == other.shape == (count, 2)
        assert (one < fixed.shape[::-1]).all()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "most"), [("kidney", 0.004), ("lesions", 0.007)])
def test_landmarks_by_mutual_information(name, most, data):
    del data
    (fixed, moving), points = read_pair(name)
    result = wk.register(fixed, moving, "affine", "mi")
    errors = wk.registration.relative_target_registration_error(result.transform, *points, fixed.shape)
    assert np.median(errors) <= most
