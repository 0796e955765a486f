"""Registration by fields: known deformations are found again, and accidents are not believed."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import warpkit as wk
from warpkit.metrics import jacobian_determinant
from warpkit.registration import _slabs
from warpkit.registration._fields import FIELDS
from warpkit.registration._least_squares import CORRELATIONS, METRICS


def texture(shape, seed=0, sigma=2.5):
    image = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), sigma)
    return image / image.std()


def flow(shape, size, seed=3):
    """Of no more than about `size` pixels."""
    random = wk.Diffeomorphism.random(np.random.default_rng(seed), len(shape), shape=shape, frame="pixel")
    return wk.Diffeomorphism(random.velocity * size / abs(random.velocity).max(), frame="pixel")


def displacement(transform, shape):
    return transform.grid(shape)[0] - wk.identity_grid(shape, "pixel")[0]


def errors(result, truth, shape, margin=12):
    middle = (slice(margin, -margin),) * len(shape)
    wrong = displacement(result.transform, shape) - displacement(truth, shape)
    return np.linalg.norm(wrong, axis=-1)[middle]


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("metric", METRICS)
def test_a_known_deformation_is_found(kind, metric):
    shape = (150, 170)
    moving, truth = texture(shape), flow(shape, 6.0)
    fixed = wk.warp(moving, truth)
    if metric in CORRELATIONS:
        fixed = 3 * fixed + 7
    result = wk.register(fixed, moving, kind, metric, init="identity")
    assert result.converged, result.reason
    wrong = errors(result, truth, shape)
    assert np.linalg.norm(displacement(truth, shape), axis=-1).mean() > 3
    assert np.median(wrong) < 0.2
    assert np.quantile(wrong, 0.95) < 0.5
    np.testing.assert_array_equal(result.warped, wk.warp(moving, result.transform))


@pytest.mark.parametrize("kind", FIELDS)
def test_a_known_deformation_of_a_volume_is_found(kind):
    shape = (44, 50, 48)
    moving, truth = texture(shape, sigma=2.0), flow(shape, 3.0)
    result = wk.register(wk.warp(moving, truth), moving, kind, "lncc", init="identity")
    assert result.converged, result.reason
    assert np.median(errors(result, truth, shape, 6)) < 0.3


def test_the_inverse_leads_back_and_nothing_folds():
    shape = (150, 170)
    moving = texture(shape)
    result = wk.register(wk.warp(moving, flow(shape, 8.0)), moving, "diffeomorphic", init="identity")
    points = np.random.default_rng(0).uniform(20, 130, (200, 2))
    there_and_back = result.inverse(result.transform(points))[0]
    assert np.linalg.norm(there_and_back - points, axis=-1).max() < 0.05
    field = displacement(result.transform, shape)[None]
    assert float(jacobian_determinant(field).min()) > 0


def test_an_affine_map_comes_first():
    """Of a turn that no small displacement is."""
    shape = (200, 200)
    moving, truth = texture(shape), flow(shape, 4.0)
    turn = wk.Affine(np.array([[[0.9, -0.3, 30.0], [0.3, 0.95, -20.0]]]), frame="pixel") @ truth
    fixed = wk.warp(moving, turn)
    result = wk.register(fixed, moving, "diffeomorphic")
    assert result.converged, result.reason
    assert np.median(errors(result, turn, shape, 50)) < 0.2


@pytest.mark.parametrize(("sigma", "metric"), [(0.0, "lncc"), (1.0, "ncc"), (3.0, "lncc")])
def test_noise_is_not_believed(sigma, metric):
    """Though a field makes it alike, and each part of it is best where the field has it."""
    one, other = np.random.default_rng(5).random((2, 160, 160))
    result = wk.register(
        gaussian_filter(one, sigma), gaussian_filter(other, sigma), "diffeomorphic", metric, init="identity"
    )
    assert not result.converged
    assert result.agreement.share < 0.2


def test_a_moving_band_behind_a_mask_changes_nothing():
    shape = (150, 160)
    moving, truth = texture(shape), flow(shape, 4.0)
    fixed = wk.warp(moving, truth)
    mask = np.ones(shape)
    mask[60:90, 70:100] = 0
    found = []
    for column in (70, 85):
        banded = fixed.copy()
        banded[60:90, column : column + 15] = 9.0
        found.append(wk.register(banded, moving, "diffeomorphic", fixed_mask=mask, init="identity"))
    one, other = (displacement(result.transform, shape) for result in found)
    assert np.abs(one - other).max() < 0.01


def test_half_size_is_close():
    shape = (180, 200)
    moving, truth = texture(shape, sigma=4.0), flow(shape, 6.0)
    fixed = wk.warp(moving, truth)
    result = wk.register(fixed, moving, "diffeomorphic", init="identity", finest_level=1)
    assert result.converged, result.reason
    assert result.warped.shape == shape == result.coverage.shape
    assert {step.level for step in result.history} == {1}
    assert np.median(errors(result, truth, shape)) < 0.5


def test_same_bits_for_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(_slabs, "PIXELS", 2000)  # several on each level
    shape = (100, 110)
    moving = texture(shape)
    fixed = wk.warp(moving, flow(shape, 4.0))
    before, found = wk.get_num_threads(), []
    try:
        for threads in (1, 3):
            wk.set_num_threads(threads)
            found.append(wk.register(fixed, moving, "diffeomorphic", "lncc", init="identity"))
    finally:
        wk.set_num_threads(before)
    one, other = found
    np.testing.assert_array_equal(
        one.transform.transforms[1].velocity, other.transform.transforms[1].velocity
    )
    np.testing.assert_array_equal(one.warped, other.warped)


def test_geometries_are_heeded_and_the_map_is_of_pixels():
    """Pixels of the moving image are twice as large."""
    shape = (200, 220)
    moving, truth = texture(shape, sigma=3.0), flow(shape, 4.0)
    fixed = wk.warp(moving, truth)
    small = wk.warp(moving, wk.Affine(np.array([[[2.0, 0, 0.5], [0, 2.0, 0.5]]]), frame="pixel"), (100, 110))
    spaces = wk.Geometry(shape), wk.Geometry((100, 110), spacing=(2.0, 2.0), origin=(0.5, 0.5))
    result = wk.register(
        fixed, small, "diffeomorphic", init="identity", fixed_geometry=spaces[0], moving_geometry=spaces[1]
    )
    assert result.transform.frame == "pixel"
    found = (result.transform.grid(shape)[0] * 2 + 0.5) - truth.grid(shape)[0]
    assert np.median(np.linalg.norm(found, axis=-1)[15:-15, 15:-15]) < 0.6  # 0.3 pixels of the moving image


@pytest.mark.parametrize("smoothness", [-1.0, np.nan, np.inf, "much", True])
def test_wrong_smoothness(smoothness):
    images = texture((70, 70)), texture((70, 70), 1)
    with pytest.raises(ValueError, match="smoothness: expected a number of at least 0"):
        wk.register(*images, "displacement", smoothness=smoothness)


def test_smoothness_is_for_fields():
    images = texture((70, 70)), texture((70, 70), 1)
    with pytest.raises(ValueError, match="smoothness"):
        wk.register(*images, "affine", smoothness=1.0)


@pytest.mark.parametrize("level", [-1, 1.0, True, "1"])
def test_wrong_finest_level(level):
    images = texture((70, 70)), texture((70, 70), 1)
    with pytest.raises(ValueError, match="finest_level: expected a whole number of at least 0"):
        wk.register(*images, finest_level=level)


def test_a_level_beyond_the_last_is_the_last():
    moving = texture((150, 150), sigma=5.0)
    fixed = wk.warp(moving, wk.Translation(np.array([[3.0, -2.0]]), frame="pixel"))
    result = wk.register(fixed, moving, "translation", init="identity", finest_level=9)
    np.testing.assert_allclose(result.transform.translation, [[3.0, -2.0]], atol=0.05)
