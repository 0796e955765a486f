"""Where masses are, and that turns about there lead back."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

import warpkit as wk
from warpkit.grids import Geometry
from warpkit.registration._arguments import make_pair
from warpkit.registration._mass import Mass, _turns, axes_starts, shift_start, turn_starts
from warpkit.registration._matrix_groups import map_points

from .pictures import about_middle, seen_through, turned


def lumps(shape, seed=0):
    """Some of them, farther apart one way than the other, on nothing: no turn makes it look like itself."""
    rng = np.random.default_rng(seed)
    image, sides = np.zeros(shape), np.array(shape)
    for _ in range(25):
        place = sides / 2 + rng.uniform(-1, 1, len(shape)) * sides * [0.2, 0.27, 0.35][: len(shape)]
        image[tuple(place.astype(int))] += rng.uniform(0.3, 1)
    return gaussian_filter(image, 2.0) + gaussian_filter(image, 4.0)


@pytest.mark.parametrize("ndim", [2, 3])
def test_moments_are_those_of_the_points(ndim):
    rng = np.random.default_rng(ndim)
    image, weights = rng.random((2, *(7, 9, 8)[:ndim]))
    weights[weights < 0.2] = 0
    to_space = np.eye(ndim + 1)
    to_space[:-1] += rng.standard_normal((ndim, ndim + 1))
    found = Mass.of(image, weights, to_space)
    mass = (weights * (image - image[weights > 0].min())).ravel()
    points = map_points(to_space, wk.identity_grid(image.shape, "pixel").reshape(-1, ndim))
    np.testing.assert_allclose(found.centre, np.average(points, axis=0, weights=mass))
    np.testing.assert_allclose(found.spread, np.cov(points.T, aweights=mass, ddof=0))
    np.testing.assert_allclose(np.linalg.det(found.axes()), 1)


@pytest.mark.parametrize("ndim", [2, 3])
def test_of_the_ways_to_turn_axes_one_is_right(ndim):
    rng = np.random.default_rng(ndim)
    shape = (30, 34, 38)[:ndim]
    image = lumps(shape)
    turn = Rotation.from_rotvec([0, 0, 2.0] if ndim == 2 else rng.standard_normal(3)).as_matrix()[
        :ndim, :ndim
    ]
    to_space = np.eye(ndim + 1)
    to_space[:-1] = np.column_stack([1.5 * turn, rng.standard_normal(ndim)])
    fixed, moving = Mass.of(image, None, np.eye(ndim + 1)), Mass.of(image, None, to_space)
    starts = list(axes_starts(fixed, moving, scaled=True))
    assert len(starts) == 2 * 2 ** (ndim - 1)  # at the masses' scale, and at 1: something may be cut off
    assert min(abs(start - to_space).max() for start in starts) < 1e-9
    for start in axes_starts(fixed, moving, scaled=False):
        np.testing.assert_allclose(start[:-1, :-1] @ start[:-1, :-1].T, np.eye(ndim), atol=1e-9)
        np.testing.assert_allclose(map_points(start, fixed.centre[None])[0], moving.centre)
    np.testing.assert_allclose(map_points(shift_start(fixed, moving), fixed.centre[None])[0], moving.centre)


def test_turns_are_all_over():
    """No rotation is farther from the nearest than these distances, half those between neighbours."""
    for ndim, farthest in ((2, 7.6), (3, 25)):
        turns = _turns(ndim)
        some = Rotation.random(300, random_state=0).as_matrix()
        if ndim == 2:
            angles = np.random.default_rng(0).uniform(0, 7, 300)
            some = np.stack([np.cos(angles), -np.sin(angles), np.sin(angles), np.cos(angles)], 1).reshape(
                -1, 2, 2
            )
        traces = np.einsum("aij,bij->ab", some, turns).max(axis=1)
        cosines = traces / 2 if ndim == 2 else (traces - 1) / 2
        assert np.degrees(np.arccos(np.clip(cosines, -1, 1))).max() < farthest


def test_the_best_looking_turns_are_near():
    moving = lumps((80, 90))
    matrix = about_middle(turned(127), moving.shape)
    fixed = seen_through(matrix, moving)
    both = make_pair((fixed, moving), (None, None), (None, None), "rigid", "ncc", None, 0.01, 50)
    masses = [Mass.of(x, None, np.eye(3)) for x in (fixed, moving)]
    starts = list(turn_starts(both, *masses))
    assert len(starts) == 4
    assert np.degrees(np.arccos(np.trace(starts[0][:2, :2].T @ matrix[:2, :2]) / 2)) < 8


@pytest.mark.parametrize("init", ["moments", "rotations", "auto"])
def test_volumes_turned_far(init):
    """From a start with each point where it is they are not found."""
    moving = lumps((44, 48, 52)).astype(np.float32)
    geometry = Geometry(moving.shape, (1.0, 1.0, 1.2), (5.0, 0.0, -3.0))
    turn = Rotation.from_rotvec([0.0, 3.0, 0.3]).as_matrix()
    middle = geometry.matrix[:-1] @ [25.5, 23.5, 21.5, 1]
    truth = wk.Affine(np.column_stack([turn, middle - turn @ middle + [2, -1, 1]])[None], frame="world")
    pixels = truth.to_frame("pixel", geometry, geometry)
    fixed = wk.warp(moving, pixels)
    options = {"fixed_geometry": geometry, "moving_geometry": geometry}
    result = wk.register(fixed, moving, "rigid", init=init, **options)
    assert result.converged
    np.testing.assert_allclose(result.transform.to_affine().theta, truth.theta, atol=0.1)
    assert result.start.split(",")[0] in ("moments", "rotations")
    assert not wk.register(fixed, moving, "rigid", init="identity", **options).converged


@pytest.mark.parametrize("init", ["auto", "mass", "moments", "rotations"])
def test_masks_that_small_images_do_not_show(init):
    """Of every second plane, which the planes of coarser levels are not; and of hardly a pixel."""
    volume = lumps((80, 90, 70)).astype(np.float32)
    planes = np.zeros(volume.shape, bool)
    planes[1::2] = True
    assert wk.register(volume, volume, "rigid", init=init, fixed_mask=planes).reason
    image = lumps((40, 44)).astype(np.float32)
    for pixels in ([(10, 12), (11, 30)], [(10, 12)]):
        mask = np.zeros(image.shape)
        mask[tuple(np.transpose(pixels))] = 1
        if len(pixels) == 1:
            with pytest.raises(ValueError, match="constant"):
                wk.register(image, image, "affine", init=init, fixed_mask=mask, moving_mask=mask)
        else:
            assert not wk.register(image, image, init=init, fixed_mask=mask, moving_mask=mask).converged


def test_without_mass_the_middles():
    flat = np.zeros((30, 40), np.float32)
    assert Mass.of(flat, None, np.eye(3)) is None
    assert Mass.of(flat + np.eye(30, 40), flat, np.eye(3)) is None


@pytest.mark.parametrize("init", ["moments", "rotations"])
def test_translations_do_not_turn(init):
    image = lumps((40, 44))
    with pytest.raises(ValueError, match="init: expected a way to start translations"):
        wk.register(image, image, "translation", init=init)
