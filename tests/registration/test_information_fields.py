"""Fields by mutual information: what is aligned stays, and both directions speak of one contrast."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.registration._fields import FIELDS
from warpkit.registration._information_fields import InformationFieldComparison
from warpkit.registration._mutual_information import MutualInformation
from warpkit.registration._pyramid import Level

from .pictures import texture


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("contrast", [lambda x: x, lambda x: -x, lambda x: x**2])
def test_what_is_aligned_stays(kind, contrast):
    """Bins blur what values say, most on coarse levels; that must not move anything."""
    moving = texture((120, 130), sigma=3.0) - 128
    result = wk.register(contrast(moving), moving, kind, "mi", init="identity")
    moved = result.transform.grid(moving.shape) - wk.identity_grid(moving.shape, "pixel")
    bound = 0.01 if contrast(-2) < 3 else 0.4
    assert np.median(np.linalg.norm(moved, axis=-1)) < bound


@pytest.mark.parametrize("contrast", [lambda x: x, lambda x: -x])
def test_steps_are_nothing_where_images_are_aligned_one_to_one(contrast):
    """Forwards and backwards; and they are something where one of them is moved."""
    moving = texture((60, 70), sigma=3.0)[None] / 50 - 2
    levels = Level(contrast(moving), None, np.eye(3)), Level(moving, None, np.eye(3))
    both = InformationFieldComparison(MutualInformation(*levels), np.eye(3))
    still = np.zeros((2, 60, 70), np.float32)
    view = both.view(still)
    steps = [both.step(view), both.backward(view).step(both.backward(view).view(still))]
    assert max(abs(step).max() for step in steps) < 1e-3
    aside = both.step(both.view(still + 1))
    assert np.median(aside[0]) < -0.1
