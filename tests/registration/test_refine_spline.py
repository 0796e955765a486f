"""Known smooth deformations are found by splines, to about a tenth of a pixel."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.registration._least_squares import METRICS
from warpkit.registration._matrix_groups import scaling
from warpkit.registration._pyramid import Level
from warpkit.registration._refine_spline import displacement_by, whole_map

from .pictures import texture

each_kind = pytest.mark.parametrize("kind", ["tps", "bspline"])


def waves(shape, amplitude, seed=1):
    """A displacement of about `amplitude` pixels, less than a wave along each axis, (*shape, ndim)."""
    rng, ndim = np.random.default_rng(seed), len(shape)
    places = [g / (n - 1) for g, n in zip(np.indices(shape), shape, strict=True)]
    phases, sizes, lengths = rng.uniform(0, 6, (ndim, ndim)), *rng.uniform(0.6, 1, (2, ndim, ndim))
    each = [
        sum(sizes[i, j] * np.sin(2 * np.pi * lengths[i, j] * places[j] + phases[i, j]) for j in range(ndim))
        for i in range(ndim)
    ]
    return amplitude / ndim * np.stack(each, axis=-1)


def pair(shape, amplitude=3.0, seed=2):
    """An image of a texture that repeats itself, and how the other one, the moving one, is displaced."""
    moving, truth = texture(shape, seed=seed), waves(shape, amplitude)
    return wk.warp(moving, wk.Displacement(truth[None], frame="pixel"), boundary="wrap"), moving, truth


def error(result, truth):
    """Root mean square, and the greatest one more than 8 pixels inside of where the images show the same."""
    found = result.transform.grid(truth.shape[:-1])[0] - wk.identity_grid(truth.shape[:-1], "pixel")[0]
    distances = np.linalg.norm(found - truth, axis=-1)
    inside = np.zeros(distances.shape, bool)
    inside[(slice(8, -8),) * distances.ndim] = True
    distances = distances[inside & result.coverage]
    return np.sqrt((distances**2).mean()), distances.max()


@each_kind
@pytest.mark.parametrize("metric", METRICS)
def test_a_known_deformation_is_found(kind, metric):
    fixed, moving, truth = pair((112, 128))
    result = wk.register(fixed, moving, kind, metric)
    assert result.converged
    typical, farthest = error(result, truth)
    assert typical < 0.1
    assert farthest < 0.5
    field = result.transform.grid(fixed.shape) - wk.identity_grid(fixed.shape, "pixel")
    assert wk.metrics.jacobian_determinant(field).min() > 0
    affine = wk.register(fixed, moving, "affine", metric)
    assert error(affine, truth)[0] > 5 * typical


@each_kind
def test_in_three_dimensions(kind):
    fixed, moving, truth = pair((40, 44, 48), 2.0)
    result = wk.register(fixed, moving, kind, "ssd")
    typical, farthest = error(result, truth)
    assert typical < 0.15
    assert farthest < 0.6
    field = result.transform.grid(fixed.shape) - wk.identity_grid(fixed.shape, "pixel")
    assert wk.metrics.jacobian_determinant(field).min() > 0


def test_adam_finds_it_too():
    fixed, moving, truth = pair((112, 128))
    result = wk.register(fixed, moving, "bspline", optimizer="adam")
    assert result.converged
    assert error(result, truth)[0] < 0.1


@each_kind
def test_gain_and_bias_do_not_matter(kind):
    fixed, moving, _ = pair((112, 128))
    one = wk.register(fixed, moving, kind).transform
    other = wk.register(0.5 * fixed + 100, 3 * moving - 20, kind).transform
    grids = [x.grid(fixed.shape) for x in (one, other)]
    np.testing.assert_allclose(*grids, atol=0.02)


@each_kind
def test_what_a_mask_hides_does_not_matter(kind):
    fixed, moving, _ = pair((112, 128))
    mask = np.ones(fixed.shape, bool)
    mask[40:60, 50:80] = False
    results = []
    for band in (45, 53):
        seen = fixed.copy()
        seen[band : band + 5, 50:80] = 1e4
        results.append(wk.register(seen, moving, kind, fixed_mask=mask).transform.grid(fixed.shape))
    np.testing.assert_allclose(*results, atol=0.01)


@each_kind
def test_the_same_bits_for_any_number_of_threads(kind):
    fixed, moving, _ = pair((112, 128))
    before, results = wk.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            wk.set_num_threads(count)
            results.append(wk.register(fixed, moving, kind).transform.grid(fixed.shape))
    finally:
        wk.set_num_threads(before)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@each_kind
def test_coarser_is_of_the_same_images(kind):
    fixed, moving, truth = pair((144, 160))
    result = wk.register(fixed, moving, kind, finest_level=1)
    assert {step.level for step in result.history} == {1}
    assert error(result, truth)[0] < 0.3
    assert result.warped.shape == fixed.shape


def test_channels_and_geometries():
    """Of places in the world, the map of pixels is found."""
    fixed, moving, truth = pair((112, 128))
    images = [np.stack([x, 255 - x**2 / 255]) for x in (fixed, moving)]
    geometry = wk.Geometry(fixed.shape, spacing=(0.5, 0.5), origin=(3.0, -2.0))
    result = wk.register(*images, "tps", ndim=2, fixed_geometry=geometry, moving_geometry=geometry)
    assert result.transform.frame == "pixel"
    assert error(result, truth)[0] < 0.1


def test_classes():
    fixed, moving, _ = pair((80, 80))
    result = wk.register(fixed, moving, "tps", control_points=4)
    assert isinstance(result.transform, wk.ThinPlateSpline)
    assert result.transform.theta.shape == (1, 16, 2)
    np.testing.assert_array_equal(result.warped, wk.warp(moving, result.transform, fixed.shape))
    result = wk.register(fixed, moving, "bspline", control_points=6)
    affine, deformation = result.transform.transforms
    assert isinstance(affine, wk.Affine)
    assert isinstance(deformation, wk.FreeFormDeformation)
    np.testing.assert_allclose(deformation.spacing, 79 / 5)
    np.testing.assert_allclose(result.inverse(result.transform(fixed.shape * np.ones((1, 2)) / 2)), 40.0)


def test_stiffer_is_smoother():
    fixed, moving, _ = pair((112, 128))
    bent = []
    for smoothness in (1e-4, 1e-2, 1.0):
        field = wk.register(fixed, moving, "bspline", smoothness=smoothness).transform.grid(fixed.shape)
        bent.append(float(wk.metrics.bending_energy(field)[0]))
    assert bent[0] > bent[1] > bent[2]


@pytest.mark.parametrize("steps", [[2.0, 2.0], [2.0, 1.0]])
@pytest.mark.parametrize("cls", [wk.ThinPlateSpline, wk.FreeFormDeformation])
def test_whole_map(cls, steps):
    """From pixels of a level to pixels at full size, also where they are no squares."""
    rng = np.random.default_rng(0)
    spline = cls.random(rng, 2, frame="pixel")
    affine = wk.Affine(np.array([[[1.1, 0.1, 2.0], [-0.2, 0.9, 1.0]]]), frame="pixel")
    to_space = scaling([0.5, 0.25], [1.0, 2.0])
    full, coarse = (Level(np.zeros((1, 8, 8)), None, x) for x in (to_space, to_space @ scaling(steps)))
    found = whole_map(spline, affine, coarse, full)
    points = rng.uniform(-1, 3, (20, 2))
    expected = affine(spline(points / steps) * steps)
    np.testing.assert_allclose(found(points), expected, atol=1e-11)
    if cls is wk.FreeFormDeformation or steps[0] == steps[1]:
        assert type(found) in (wk.Composed, wk.ThinPlateSpline)
        plain = found.transforms[1] if cls is wk.FreeFormDeformation else found
        assert getattr(plain, "base", None) is None


@pytest.mark.parametrize("cls", [wk.ThinPlateSpline, wk.FreeFormDeformation])
def test_displacements_of_pixels(cls):
    spline = cls.random(np.random.default_rng(0), 2, frame="pixel")
    level = Level(np.zeros((1, 150, 160)), None, np.eye(3))  # more than are asked for at a time
    expected = spline.grid((150, 160))[0] - wk.identity_grid((150, 160), "pixel")[0]
    found = displacement_by(spline, level)
    assert found.shape == (2, 150, 160)
    np.testing.assert_allclose(np.moveaxis(found, 0, -1), expected, atol=1e-5, rtol=1e-6)


@each_kind
def test_a_finer_level_begins_where_the_coarser_one_ended(kind):
    fixed, moving, _ = pair((128, 140))
    result = wk.register(fixed, moving, kind)
    assert {step.level for step in result.history} == {0, 1}
    first = next(step.cost for step in result.history if step.level == 0)
    assert first < 0.1 * (1 - wk.register(fixed, moving, "affine").metric)
