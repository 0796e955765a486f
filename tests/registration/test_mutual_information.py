"""Gradients against central differences; maps between images of two modalities, in 2D, 3D and the world."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import warpkit as wk
from warpkit.metrics import mutual_information
from warpkit.registration._cost_slope import cost_slope
from warpkit.registration._matrix_groups import map_points, matrix_group, scaling
from warpkit.registration._mutual_information import LEAST_BINS, MOST_BINS, MOST_PIXELS, MutualInformation
from warpkit.registration._pyramid import Level
from warpkit.warping import warp

from .pictures import about_middle, farthest, seen_through, texture, turned


def ramp(image):
    """From 0 to 1."""
    return (image - image.min()) / (image.max() - image.min())


CONTRASTS = {
    "inverted": lambda image: 255 - image,
    "not one to one": lambda image: np.sin(2 * np.pi * ramp(image)),
    "steep": lambda image: ramp(image) ** 3,
}


def problem(group, ndim, channels, masks=True):
    """Smooth images in two spaces that are not their pixels, a map between, and its derivatives by a step."""
    rng = np.random.default_rng(0)
    shapes = [(30, 34), (28, 40)] if ndim == 2 else [(14, 15, 16), (16, 14, 15)]
    levels = []
    for shape, spacing in zip(shapes, (0.9, 1.1), strict=True):
        image = gaussian_filter(rng.standard_normal((channels, *shape)), (0, *[3.0] * ndim))
        weights = np.ones(shape, np.float32)
        if masks:
            weights[(slice(3, 8),) * ndim] = 0
            weights[(slice(9, 12),) * ndim] = 0.3
        middle = -spacing * (np.array(shape[::-1]) - 1) / 2
        levels.append(Level(100 * image, weights, scaling([spacing] * ndim, middle)))
    fixed, moving = levels
    kind = matrix_group(group, ndim)
    matrix = kind.exponential(0.02 * rng.standard_normal(len(kind.generators)))
    near = MutualInformation(fixed, moving).transform(matrix @ scaling([1.0] * ndim, [1.5] * ndim))
    related = warp(moving.image, near, fixed.shape, boundary="border")
    fixed = Level(np.cos(related / 10) + 0.01 * fixed.image, fixed.weights, fixed.to_space)
    unit = scaling([10.0] * ndim)
    return MutualInformation(fixed, moving), matrix, unit @ kind.generators @ np.linalg.inv(unit)


CASES = pytest.mark.parametrize(
    ("group", "ndim", "channels"),
    [(group, 2, 1) for group in ("rigid", "affine", "projective")] + [("similarity", 3, 1), ("affine", 2, 3)],
)


@CASES
def test_gradient(group, ndim, channels):
    images, matrix, generators = problem(group, ndim, channels)
    view = images.view(matrix)
    given = images.model(view, matrix @ generators)
    assert given.cost == images.cost(view, view.weights) < 0
    one, h = np.eye(ndim + 1), 1e-5
    for k, generator in enumerate(generators):
        ahead, behind = (
            images.cost(images.view(matrix @ (one + step * generator)), view.weights) for step in (h, -h)
        )
        slope, atol = (ahead - behind) / (2 * h), 2e-3 * abs(given.gradient).max()
        np.testing.assert_allclose(given.gradient[k], slope, rtol=2e-3, atol=atol)


@CASES
def test_matrix_is_half_the_products_of_what_each_pixel_costs(group, ndim, channels):
    """With the table of the metric's shares held fixed, from its values' differences."""
    images, matrix, generators = problem(group, ndim, channels)
    view, h = images.view(matrix), 1e-6
    weights = view.weights.astype(np.float64)

    def differences(of):
        ends = ((of(matrix @ (np.eye(ndim + 1) + s * g)) for s in (h, -h)) for g in generators)
        return np.stack([(ahead - behind) / (2 * h) for ahead, behind in ends], axis=-1)

    def warped(where):
        moving = images.moving.image
        return warp(moving, images.transform(where), images.fixed.shape, boundary="border")

    jacobian, expected = differences(warped), 0.0
    for channel in range(channels):
        fixed, own = images.fixed.image[channel][None, None], view.warped[channel][None, None]
        _, slope, _ = mutual_information.vjp(
            np.ones(1), fixed, own, weights[None], needs=(False, True, False), **images.bins[channel]
        )
        slope = np.divide(slope[0, 0] * weights.sum(), weights, where=weights > 0, out=np.zeros_like(weights))
        score = (slope[..., None] * jacobian[channel]).reshape(-1, len(generators))
        expected = expected + score.T @ (weights.reshape(-1, 1) * score) / weights.sum() / channels
    given = images.model(view, matrix @ generators).hessian
    np.testing.assert_allclose(given, expected / 2, rtol=1e-3, atol=1e-3 * abs(expected).max())


def test_what_has_weight_0_does_not_count():
    images, matrix, generators = problem("affine", 2, 1)
    spoiled = images.fixed.image.copy()
    spoiled[:, images.fixed.weights == 0] = 1e6
    level = Level(spoiled, images.fixed.weights, images.fixed.to_space)
    given, other = (
        x.model(x.view(matrix), matrix @ generators)
        for x in (images, MutualInformation(level, images.moving))
    )
    assert given.cost == other.cost
    np.testing.assert_array_equal(given.gradient, other.gradient)
    np.testing.assert_array_equal(given.hessian, other.hessian)


def test_no_overlap_costs_infinitely_much_and_a_constant_tells_nothing():
    images, matrix, generators = problem("affine", 2, 1)
    far = scaling([1, 1], [500.0, 0.0])
    assert images.model(images.view(far), far @ generators).cost == np.inf
    flat = Level(0 * images.moving.image + 7, None, images.moving.to_space)
    flat = MutualInformation(images.fixed, flat)
    given = flat.model(flat.view(matrix), matrix @ generators)
    assert given.cost == pytest.approx(0, abs=1e-9)
    assert not given.hessian.any()


def test_bins_are_of_the_images_alone():
    """Values that shine do not squeeze the others together, and small images have few bins."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 1, (1, 100, 100))
    shining = values.copy()
    shining[0, 0, :5] = 1000
    level = Level(shining, None, np.eye(3))
    (bins,) = MutualInformation(level, level).bins
    assert bins["fixed_range"] == bins["moving_range"] == pytest.approx((0, 1), abs=0.01)
    assert bins["bins"] == round(10_000 ** (1 / 3))
    for length, expected in ((10, LEAST_BINS), (400, MOST_BINS)):
        level = Level(rng.uniform(0, 1, (1, length, length)), None, np.eye(3))
        assert MutualInformation(level, level).bins[0]["bins"] == expected


def in_contrast_of(fixed, values):
    images = MutualInformation(Level(fixed, None, np.eye(3)), Level(values, None, np.eye(3)))
    return images.in_fixed_contrast(images.view(np.eye(3)))


def test_one_contrast_for_both():
    """What one value tells of the other is undone; what it does not tell becomes the mean of all."""
    fixed = texture((180, 200))[None] / 255
    for values in (1 - fixed, (fixed + 0.2) ** 3, np.exp(-3 * fixed)):
        given = in_contrast_of(fixed, values)
        assert np.corrcoef(given.ravel(), fixed.ravel())[0, 1] > 0.998
        np.testing.assert_allclose(given.mean(), fixed.mean(), rtol=0.01)
    folded = (fixed - np.median(fixed)) ** 2  # neither bright nor dark goes with bright
    assert abs(np.corrcoef(fixed.ravel(), folded.ravel())[0, 1]) < 0.5
    assert np.corrcoef(in_contrast_of(folded, fixed).ravel(), folded.ravel())[0, 1] > 0.95
    noise = np.random.default_rng(0).standard_normal(fixed.shape)
    assert in_contrast_of(fixed, noise).std() < 0.2 * fixed.std()


def test_steps_are_found_by_some_of_the_pixels():
    image = np.zeros((1, 700, 900), np.float32)
    level = Level(image, None, np.eye(3))
    sampled = MutualInformation(level, level).sampled()
    assert MOST_PIXELS / 2 < sampled.fixed.image.size <= MOST_PIXELS
    assert sampled.moving is level
    small = Level(image[:, :200, :200], None, np.eye(3))
    assert MutualInformation(small, level).sampled().fixed is small


# ---- through register --------------------------------------------------------------------------------------


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_other_contrast_2d(contrast):
    moving = texture((220, 260), sigma=3.0)
    matrix = about_middle(turned(6, 1.05), moving.shape)
    fixed = CONTRASTS[contrast](seen_through(matrix, moving))
    result = wk.register(fixed, moving, "similarity", "mi", init="identity")
    assert result.converged, result.reason
    assert farthest(result.transform, matrix, moving.shape) < 0.15
    assert result.metric > 0.5
    # The correlation does not see what is not one to one.
    if contrast == "not one to one":
        blind = wk.register(fixed, moving, "similarity", "ncc", init="identity")
        assert farthest(blind.transform, matrix, moving.shape) > 1


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_other_contrast_in_the_world(contrast):
    """In millimetres, between volumes of other pixels and directions, with a hole full of something else."""
    moving = texture((44, 48, 52), sigma=2.0)
    theirs = wk.Geometry(moving.shape, spacing=(1.2, 1.0, 1.5), origin=(-30.0, -20.0, -35.0))
    own = wk.Geometry(
        (40, 50, 46), spacing=(1.2, 0.8, 1.4), origin=(-26, 22, -26), direction=np.diag([1, -1, 1])
    )
    theta = np.array([[[1.02, 0.05, 0.0, 1.0], [-0.04, 0.98, 0.03, -1.5], [0.02, 0.0, 1.01, 0.7]]])
    truth = wk.Affine(theta, frame="world")
    fixed = CONTRASTS[contrast](
        warp(moving, truth.to_frame("pixel", theirs, own), own.shape, boundary="wrap")
    )
    mask = np.ones(own.shape, bool)
    mask[:12, :12, :18] = False
    fixed[~mask] = np.random.default_rng(0).normal(fixed.mean(), fixed.std(), int((~mask).sum()))
    result = wk.register(
        fixed, moving, "affine", "mi", fixed_mask=mask, fixed_geometry=own, moving_geometry=theirs
    )
    assert result.converged, result.reason
    points = map_points(
        own.matrix, np.array(list(np.ndindex(2, 2, 2)))[:, ::-1] * (np.array(own.shape[::-1]) - 1)
    )
    assert np.linalg.norm(result.transform(points) - truth(points), axis=-1).max() < 0.15


@pytest.mark.parametrize("name", ["translation", "rigid", "affine", "projective"])
def test_groups(name):
    moving = texture((180, 200), sigma=3.0)
    kind = matrix_group(name, 2)
    unit = scaling([130.0] * 2, (99.5, 89.5))
    step = kind.exponential(0.03 * np.random.default_rng(3).uniform(-1, 1, len(kind.generators)))
    matrix = unit @ step @ np.linalg.inv(unit)
    fixed = CONTRASTS["inverted"](seen_through(matrix, moving))
    result = wk.register(fixed, moving, name, "mi", init="identity")
    assert result.converged, result.reason
    assert farthest(result.transform, matrix / matrix[-1, -1], moving.shape) < 0.2


def test_a_masked_band_hardly_matters():
    moving = texture((200, 220), sigma=3.0)
    matrix = about_middle(turned(4), moving.shape)
    fixed = CONTRASTS["inverted"](seen_through(matrix, moving))
    mask = np.ones(fixed.shape, bool)
    mask[60:120, 80:150] = False
    found = []
    for column in (85, 130):
        image = fixed.copy()
        image[60:120, column : column + 15] = np.nan
        result = wk.register(image, moving, "rigid", "mi", init="identity", fixed_mask=mask)
        found.append(result.transform.rotation)
        assert result.converged
        assert farthest(result.transform, matrix, moving.shape) < 0.15
    np.testing.assert_array_equal(*found)


def test_same_bits_for_any_number_of_threads():
    moving = texture((36, 40, 44))
    fixed = CONTRASTS["inverted"](seen_through(about_middle(np.eye(3) + 0.03, moving.shape), moving))
    found = []
    before = wk.get_num_threads()
    try:
        for threads in (1, 2, 3):
            wk.set_num_threads(threads)
            found.append(wk.register(fixed, moving, "affine", "mi", init="mass").transform.theta)
    finally:
        wk.set_num_threads(before)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("seed", range(2))
def test_unrelated_images_are_not_believed(seed):
    one, other = (texture((220, 240), seed=2 * seed + i) for i in range(2))
    assert not wk.register(one, other, "affine", "mi", init="identity").converged


def test_unrelated_volumes_are_not_believed():
    one, other = (texture((40, 44, 42), seed=seed) for seed in range(2))
    assert not wk.register(one, other, "affine", "mi", init="mass").converged


# ---- deformations ------------------------------------------------------------------------------------------


def bend(shape, amplitude=4.0):
    """A displacement, smooth and the same at opposite edges, as a transform."""
    rows, columns = (2 * np.pi * np.arange(n) / n for n in shape)
    x = amplitude * np.sin(rows)[:, None] * np.cos(columns)
    y = amplitude * np.cos(rows)[:, None] * np.sin(columns + 1)
    return wk.Displacement(np.stack([x, y], axis=-1)[None], frame="pixel")


@pytest.mark.parametrize(
    ("kind", "contrast"),
    [
        *itertools.product(["diffeomorphic", "bspline"], CONTRASTS),
        ("displacement", "inverted"),
        ("tps", "not one to one"),
    ],
)
def test_deformed_in_another_contrast(kind, contrast):
    """Less surely where the fixed image's contrast is low, or its values say less than the moving one's."""
    moving = texture((120, 130), sigma=3.0)
    truth = bend(moving.shape)
    fixed = CONTRASTS[contrast](warp(moving, truth, boundary="wrap"))
    options = {"control_points": 5} if kind == "tps" else {}
    result = wk.register(fixed, moving, kind, "mi", init="identity", **options)
    assert result.converged, result.reason
    inside = (slice(None), slice(12, -12), slice(12, -12))
    wrong = (result.transform.grid(moving.shape) - truth.grid(moving.shape))[inside]
    assert np.median(np.linalg.norm(wrong, axis=-1)) < (0.5 if contrast == "inverted" else 0.9)
    affine = wk.register(fixed, moving, "affine", "mi", init="identity")
    assert result.metric > affine.metric + 0.1


@pytest.mark.parametrize("kind", ["diffeomorphic", "bspline"])
def test_noise_is_not_deformed_into_noise(kind):
    one, other = (texture((100, 110), seed=seed, sigma=3.0) for seed in range(2))
    assert not wk.register(one, other, kind, "mi", init="identity").converged


def test_slope_against_differences():
    rng = np.random.default_rng(5)
    fixed, moving = rng.random((2, 2, 9, 10)).astype(np.float32)
    weights = rng.random((9, 10)).astype(np.float32)
    images = MutualInformation(Level(fixed, weights, np.eye(3)), Level(moving, None, np.eye(3)))
    view = images.view(np.eye(3))
    warped = view.warped.astype(np.float64)
    slope, step = cost_slope(images, view), 1e-4
    for place in [(0, 3, 4), (1, 8, 0), (1, 2, 9)]:
        costs = []
        for sign in (1, -1):
            moved = warped.copy()
            moved[place] += sign * step
            costs.append(images.cost(replace(view, warped=moved), view.weights))
        np.testing.assert_allclose(slope[place], (costs[0] - costs[1]) / (2 * step), rtol=2e-3, atol=1e-6)
