"""Gradients against central differences; Gauss and Newton's model against an explicit Jacobian."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from warpkit.registration._least_squares import METRICS, LeastSquares
from warpkit.registration._local_units import FLOOR, RADIUS
from warpkit.registration._matrix_groups import matrix_group, scaling
from warpkit.registration._pyramid import Level
from warpkit.warping import warp

CASES = pytest.mark.parametrize(
    ("metric", "group", "ndim", "channels"),
    [(metric, group, 2, 1) for metric in METRICS for group in ("rigid", "affine", "projective")]
    + [(metric, "similarity", 3, 1) for metric in METRICS]
    + [(metric, "affine", 2, 3) for metric in METRICS],
)


def problem(metric, group, ndim, channels, masks=True):
    """Smooth images in two spaces that are not their pixels, a map between, and its derivatives by a step."""
    rng = np.random.default_rng(0)
    shapes = [(30, 34), (28, 40)] if ndim == 2 else [(14, 15, 16), (16, 14, 15)]
    levels = []
    for shape, spacing in zip(shapes, (0.9, 1.1), strict=True):
        image = gaussian_filter(rng.standard_normal((channels, *shape)), (0, *[3.0] * ndim))
        # Weights that are 1 but for a hole: where they change, their own derivative is not in the model.
        weights = np.ones(shape, np.float32)
        if masks:
            weights[(slice(3, 8),) * ndim] = 0
        middle = -spacing * (np.array(shape[::-1]) - 1) / 2
        levels.append(Level(100 * image.astype(np.float64), weights, scaling([spacing] * ndim, middle)))
    kind = matrix_group(group, ndim)
    matrix = kind.exponential(0.02 * rng.standard_normal(len(kind.generators)))
    fixed, moving = levels
    near = LeastSquares(fixed, moving, "ssd").transform(matrix @ scaling([1.0] * ndim, [1.5] * ndim))
    related = warp(moving.image, near, fixed.shape, boundary="border")
    fixed = Level(related + 0.5 * fixed.image, fixed.weights, fixed.to_space)
    # Small steps from where `matrix` leads, in units of 10.
    unit = scaling([10.0] * ndim)
    generators = unit @ kind.generators @ np.linalg.inv(unit)
    least_squares = LeastSquares(fixed, moving, metric)
    least_squares = LeastSquares(fixed, moving, metric, least_squares.find_scale(matrix))
    return least_squares, matrix, generators


@CASES
def test_gradient(metric, group, ndim, channels):
    least_squares, matrix, generators = problem(metric, group, ndim, channels)
    view = least_squares.view(matrix)
    given = least_squares.model(view, matrix @ generators)
    one, h = np.eye(ndim + 1), 1e-5
    for k, generator in enumerate(generators):
        ahead, behind = (
            least_squares.cost(least_squares.view(matrix @ (one + step * generator)), view.weights)
            for step in (h, -h)
        )
        slope, atol = (ahead - behind) / (2 * h), 1e-3 * abs(given.gradient).max()
        np.testing.assert_allclose(given.gradient[k], slope, rtol=2e-3, atol=atol)


def local_slope(v, f, weights, fixed_weights, shape):
    """The derivative of V in local units by V as a matrix, its residual, and its deviations."""
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, len(shape))
    near = (abs(places[:, None] - places[None]).max(axis=-1) <= RADIUS).astype(float)

    def means(x, w):
        return near @ (w * x) / np.maximum(near @ w, 1e-12)

    def units(x, w):
        mean = means(x, w)
        deviation = np.sqrt(np.maximum(means(x * x, w) - mean**2, 0) + FLOOR**2)
        return (x - mean) / deviation, mean, deviation

    hat, mean, sigma = units(v, weights)
    averaging = near * weights / np.maximum(near @ weights, 1e-12)[:, None]
    by_deviation = (averaging * v - mean[:, None] * averaging) / sigma[:, None]
    slope = (np.eye(len(v)) - averaging - hat[:, None] * by_deviation) / sigma[:, None]
    return slope, hat - units(f, fixed_weights.ravel().astype(float))[0]


@CASES
def test_model_is_that_of_an_explicit_jacobian(metric, group, ndim, channels):
    least_squares, matrix, generators = problem(metric, group, ndim, channels)
    weights = least_squares.view(matrix).weights.astype(np.float64).ravel()
    fixed, moving = least_squares.fixed, least_squares.moving
    h = 1e-6

    def warped(where, image=moving.image):
        out = warp(image, least_squares.transform(where), fixed.shape, boundary="border")
        return out.reshape(channels, -1)

    def differences(image):
        ends = ([warped(matrix @ (np.eye(ndim + 1) + s * g), image) for s in (h, -h)] for g in generators)
        return np.stack([(ahead - behind) / (2 * h) for ahead, behind in ends], axis=-1)

    v, f, jacobian = warped(matrix), fixed.image.reshape(channels, -1), differences(moving.image)
    gradient, hessian = 0.0, 0.0
    for channel in range(channels):
        j, r, w = jacobian[channel], v[channel] - f[channel], weights / weights.sum()
        if metric == "ncc":
            hat_v, hat_f = ((x - w @ x) / np.sqrt(w @ (x - w @ x) ** 2) for x in (v[channel], f[channel]))
            sigma, correlation = np.sqrt(w @ (v[channel] - w @ v[channel]) ** 2), w @ (hat_v * hat_f)
            columns = np.stack([hat_v, np.ones_like(hat_v)], axis=-1)
            across = j - columns @ (columns.T @ (w[:, None] * j))
            gradient = gradient - across.T @ (w * hat_f) / sigma
            hessian = hessian + correlation * across.T @ (w[:, None] * across) / sigma**2
        elif metric == "lncc":
            slope, residual = local_slope(v[channel], f[channel], weights, fixed.weights, fixed.shape)
            gradient = gradient + j.T @ slope.T @ (w * residual)
            local = differences(least_squares.moving_in_local_units)[channel]
            hessian = hessian + local.T @ (w[:, None] * local)
        else:
            size, width = (
                abs(r),
                least_squares.scale * {"ssd": np.inf, "huber": 1.345, "tukey": 4.685}[metric],
            )
            if metric == "huber":
                w = w * np.minimum(1, width / size)
            if metric == "tukey":
                w = w * np.where(size < width, (1 - (size / width) ** 2) ** 2, 0)
            gradient = gradient + 2 * j.T @ (w * r)
            hessian = hessian + 2 * j.T @ (w[:, None] * j)
    given = least_squares.model(least_squares.view(matrix), matrix @ generators)
    np.testing.assert_allclose(
        given.gradient, gradient / channels, rtol=1e-4, atol=1e-4 * abs(gradient).max()
    )
    np.testing.assert_allclose(given.hessian, hessian / channels, rtol=1e-4, atol=1e-4 * abs(hessian).max())


@pytest.mark.parametrize("channels", [1, 3])
def test_correlation_knows_no_gain_and_no_bias(channels):
    least_squares, matrix, generators = problem("ncc", "affine", 2, channels)
    fixed, moving = least_squares.fixed, least_squares.moving
    changed = Level(3 * moving.image + 50, moving.weights, moving.to_space)
    given = least_squares.model(least_squares.view(matrix), matrix @ generators)
    changed = LeastSquares(fixed, changed, "ncc")
    other = changed.model(changed.view(matrix), matrix @ generators)
    np.testing.assert_allclose(other.cost, given.cost, rtol=1e-9)
    np.testing.assert_allclose(other.gradient, given.gradient, rtol=1e-6)
    np.testing.assert_allclose(other.hessian, given.hessian, rtol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_an_image_and_itself(metric):
    least_squares, _, generators = problem(metric, "affine", 2, 1, masks=False)
    same = LeastSquares(least_squares.fixed, least_squares.fixed, metric)
    view = same.view(np.eye(3))
    given = same.model(view, generators)
    assert same.overlap(view) == 1
    assert given.cost == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(given.gradient, 0, atol=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_no_overlap_costs_infinitely_much(metric):
    least_squares, _, generators = problem(metric, "affine", 2, 1)
    far = scaling([1, 1], [500.0, 0.0])
    view = least_squares.view(far)
    assert least_squares.model(view, far @ generators).cost == np.inf
    assert least_squares.overlap(view) == 0


def test_a_constant_image():
    least_squares, matrix, generators = problem("ncc", "affine", 2, 1)
    flat = Level(0 * least_squares.moving.image + 7, None, least_squares.moving.to_space)
    flat = LeastSquares(least_squares.fixed, flat, "ncc")
    assert flat.model(flat.view(matrix), matrix @ generators).cost == np.inf


def test_to_lose_sight_is_no_improvement():
    """The wrong half of an image is not made right by looking elsewhere; the right half may become so."""
    rng = np.random.default_rng(0)
    image = gaussian_filter(rng.standard_normal((1, 40, 60)), (0, 2, 2)) * 100
    spoiled = image.copy()
    spoiled[:, :, 30:] = 100 * gaussian_filter(rng.standard_normal((1, 40, 30)), (0, 2, 2))
    images = LeastSquares(Level(image, None, np.eye(3)), Level(spoiled, None, np.eye(3)), "ssd")
    here, away = (images.view(scaling([1, 1], [x, 0.0])) for x in (0.0, -30.0))
    near = images.view(scaling([1, 1], [1.0, 0.0]))
    assert not images.improves(here, near)
    assert images.improves(near, here)
    cropped = images.view(np.eye(3))
    cropped.weights[:, 30:] = 0
    assert images.cost(cropped, cropped.weights) < images.cost(here, here.weights)
    assert not images.improves(here, cropped)
    assert images.overlap(away) == 0.5


def test_robust_losses_forget_outliers():
    """A bright patch in the fixed image moves the gradient of "ssd" far, that of "tukey" hardly."""
    ratios = {}
    for metric in ("ssd", "tukey"):
        least_squares, matrix, generators = problem(metric, "translation", 2, 1, masks=False)
        given = least_squares.model(least_squares.view(matrix), matrix @ generators).gradient
        spoiled = least_squares.fixed.image.copy()
        spoiled[:, 10:15, 10:20] += 1000
        level = Level(spoiled, None, least_squares.fixed.to_space)
        other = LeastSquares(level, least_squares.moving, metric, least_squares.scale)
        changed = other.model(other.view(matrix), matrix @ generators).gradient
        ratios[metric] = np.linalg.norm(changed - given) / np.linalg.norm(given)
    assert ratios["tukey"] < 0.3
    assert ratios["ssd"] > 5 * ratios["tukey"]


@CASES
def test_the_model_tells_the_cost(metric, group, ndim, channels):
    """That of the images under the map, where they meet."""
    least_squares, matrix, generators = problem(metric, group, ndim, channels)
    view = least_squares.view(matrix)
    told = least_squares.model(view, matrix @ generators).cost
    np.testing.assert_allclose(told, least_squares.cost(view, view.weights), rtol=1e-6)
