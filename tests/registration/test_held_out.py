"""Parts that had no say: which these are, and that they tell a deformation from an accident."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import warpkit as wk
from warpkit.registration._arguments import make_pair
from warpkit.registration._held_out import MARGIN, SEARCHES, _board, _corners, _filled, held_out_agreement


def pair(fixed, moving):
    return make_pair((fixed, moving), (None, None), (None, None), "affine", "ncc", None, 0.01, 100)


def texture(shape, seed=0):
    return gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 2.5)


@pytest.mark.parametrize("shape", [(150, 200), (50, 60, 70)])
def test_the_board_is_the_same_on_all_levels(shape):
    levels = pair(texture(shape), texture(shape, 1)).fixed
    boards = [_board(level, levels[0], SEARCHES[len(shape)]) for level in levels]
    assert len(levels) > 1
    for level, board in zip(levels, boards, strict=True):
        assert board.shape == level.shape
        steps = np.diag(level.to_space)[-2::-1].astype(int)
        np.testing.assert_array_equal(board, boards[0][tuple(slice(None, None, step) for step in steps)])
    assert 0.4 < boards[0].mean() < 0.6


def test_tiles_lie_within_the_squares_left_out():
    left_out, search = np.zeros((100, 120), bool), SEARCHES[2]
    length, begin = search.tile + 2 * MARGIN, search.reach - MARGIN
    square = slice(begin + length, begin + 2 * length)
    left_out[square, square] = True
    corners = _corners(left_out, np.ones((100, 120), bool), search)
    assert len(corners) == 1
    first = corners[0] + search.reach
    tile = tuple(slice(i, i + search.tile) for i in first)
    assert left_out[tile].all()
    assert (first == square.start + MARGIN).all()
    inside = np.ones((100, 120), bool)
    inside[length, length] = False
    assert len(_corners(left_out, inside, search)) == 0


@pytest.mark.parametrize("shape", [(64, 84), (40, 48, 56)])
def test_squares_fill_the_image(shape):
    """Windows begin at its edges: every second place of a lattice over the whole of it, in both colours."""
    level, search = pair(texture(shape), texture(shape, 1)).fixed[0], SEARCHES[len(shape)]
    board, window = _board(level, level, search), search.tile + 2 * search.reach
    corners = np.concatenate([_corners(board == color, np.ones(shape, bool), search) for color in (0, 1)])
    assert (corners.min(axis=0) == 0).all()
    assert len(corners) == np.prod([(n - window) // (search.tile + 2 * MARGIN) + 1 for n in shape])


def test_squares_are_filled_from_around():
    kept = np.ones((60, 60), bool)
    kept[20:40, 20:40] = False
    linear = np.stack(np.meshgrid(np.arange(60.0), np.arange(60.0))).astype(np.float32)
    hidden = np.where(kept, linear, 999.0).astype(np.float32)
    filled = _filled(hidden, kept, 20 / 3)
    np.testing.assert_array_equal(filled[:, kept], linear[:, kept])
    assert abs(filled - linear)[:, 29:31, 29:31].max() < 1  # in the middle what is around is balanced
    assert filled.max() < 60


def test_a_true_displacement_agrees_and_a_wrong_one_does_not():
    """Whoever finds it: here it is known beforehand."""
    moving = texture((150, 180))
    truth = wk.Displacement.random(np.random.default_rng(2), 2, shape=moving.shape, frame="pixel")
    field = np.moveaxis(truth.field[0], -1, 0).astype(np.float32)
    both = pair(wk.warp(moving, truth), moving)
    seen = []

    def find(some):
        seen.append([float(level.weights.mean()) for level in some.fixed])
        return field

    agreement = held_out_agreement(both, np.eye(3), find)
    assert agreement.convincing
    assert agreement.share > 0.95
    assert all(0.4 < share < 0.6 for levels in seen for share in levels)
    assert len(seen) == 2
    wrong = held_out_agreement(both, np.eye(3), lambda some: np.zeros_like(field))
    assert wrong.share < agreement.share / 2
