"""From start to answer, level by level."""

import numpy as np
import pytest

from warpkit.registration._arguments import make_pair
from warpkit.registration._refine import SCOUT, look, refine

from .pictures import about_middle, seen_through, texture, turned

SHAPE = (220, 260)


def pair(fixed, moving, metric="ncc", group="rigid"):
    return make_pair((fixed, moving), (None, None), (None, None), group, metric, None, 0.01, 50)


@pytest.fixture(scope="module")
def turned_pair():
    moving = texture(SHAPE)
    matrix = about_middle(turned(5), SHAPE)
    return pair(seen_through(matrix, moving), moving), matrix


def test_levels_in_turn(turned_pair):
    problem, matrix = turned_pair
    answer = refine(problem, np.eye(3), [2, 1, 0])
    levels = [iteration.level for iteration in answer.history]
    assert levels == sorted(levels, reverse=True)
    assert set(levels) == {0, 1, 2}
    assert answer.settled
    assert answer.agreement.convincing
    np.testing.assert_allclose(answer.matrix, matrix, atol=0.02)


def test_a_look_changes_nothing(turned_pair):
    problem, matrix = turned_pair
    good, bad = (look(problem, start, 0) for start in (matrix, np.eye(3)))
    assert good.cost < bad.cost
    assert good.agreement.share > bad.agreement.share
    np.testing.assert_array_equal(good.matrix, matrix)


@pytest.mark.parametrize(("longest", "level"), [(400, 0), (401, 1), (801, 2)])
def test_starts_are_tried_on_small_images(longest, level):
    image = texture((100, longest))
    assert pair(image, image[:90]).scout_level == level
    assert max(pair(image, image).fixed[level].shape) <= SCOUT[2]


@pytest.mark.parametrize(("longest", "level"), [(64, 0), (65, 1)])
def test_starts_are_tried_on_small_volumes(longest, level):
    volume = texture((48, 50, longest))
    assert pair(volume, volume[:40]).scout_level == level


def test_robust_scales_are_measured(turned_pair):
    _, matrix = turned_pair
    moving = texture(SHAPE)
    robust = pair(seen_through(matrix, moving), moving, "tukey")
    answer = refine(robust, np.eye(3), [2, 1, 0])
    np.testing.assert_allclose(answer.matrix, matrix, atol=0.02)
