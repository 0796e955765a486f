import numpy as np
import pytest
from scipy.stats import entropy

from warpkit.metrics import joint_histogram, mutual_information

UNIT = {"fixed_range": (0.0, 1.0), "moving_range": (0.0, 1.0)}


def smooth(seed=0, size=60):
    x = np.random.default_rng(seed).random((1, 1, size, size))
    for axis in (2, 3):
        x = (x + np.roll(x, 1, axis) + np.roll(x, 2, axis)) / 3
    return (x - x.min()) / (x.max() - x.min())


def test_against_the_entropies_of_the_histogram():
    """I = H(F) + H(M) - H(F, M), by SciPy."""
    rng = np.random.default_rng(0)
    fixed, moving, weights = rng.random((2, 2, 9, 9)), rng.random((2, 2, 9, 9)), rng.random((2, 9, 9))
    h = joint_histogram(fixed, moving, weights[:, None], bins=8, **UNIT)
    expected = [
        np.mean([entropy(x.sum(axis=0)) + entropy(x.sum(axis=1)) - entropy(x.ravel()) for x in abs(channels)])
        for channels in h
    ]
    np.testing.assert_allclose(
        mutual_information(fixed, moving, weights, bins=8, **UNIT), np.negative(expected)
    )


def test_a_discrete_relation():
    """Values so far apart that no window touches another's: the information is that of a table of counts."""
    rng = np.random.default_rng(1)
    a = rng.integers(0, 4, 3000)
    b = np.where(rng.random(3000) < 0.6, (a + 1) % 4, rng.integers(0, 4, 3000))
    counts = np.histogram2d(a, b, bins=4)[0]
    expected = entropy(counts.sum(axis=0)) + entropy(counts.sum(axis=1)) - entropy(counts.ravel())
    found = mutual_information(
        a[None, None] / 3, b[None, None] / 3, bins=34, fixed_range=(0, 1), moving_range=(0, 1)
    )
    assert -found[0] == pytest.approx(expected, rel=1e-9)


def test_independent_images_have_none():
    rng = np.random.default_rng(2)
    fixed, moving = rng.random((2, 1, 1, 200000))
    assert 0 < -mutual_information(fixed, moving, bins=10, **UNIT)[0] < 1e-3


@pytest.mark.parametrize("relation", [lambda x: x**2, lambda x: np.exp(-x) - np.exp(-1), lambda x: 1 - x])
def test_one_to_one_maps_change_little(relation):
    """Nothing but how finely the bins lie: within a tenth of what the identity gives."""
    fixed = smooth()
    related = relation(fixed)
    related = (related - related.min()) / (related.max() - related.min())
    same, found = (mutual_information(fixed, x, bins=24, **UNIT)[0] for x in (fixed, related))
    assert found == pytest.approx(same, rel=0.1)
    assert found < 5 * mutual_information(fixed, related[..., ::-1, :].copy(), bins=24, **UNIT)[0]


def test_units_do_not_matter():
    fixed, moving = smooth(0), smooth(1)
    expected = mutual_information(fixed, moving, **UNIT)
    found = mutual_information(
        100 * fixed - 7, 1e-3 * moving + 2, fixed_range=(-7, 93), moving_range=(2.0, 2.001)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_its_minimum_is_at_the_right_shift():
    fixed = smooth()
    other = np.sin(6 * fixed) / 2 + 0.5  # neither gain and bias nor even one to one
    costs = [mutual_information(fixed, np.roll(other, s, 3), **UNIT)[0] for s in range(-3, 4)]
    assert np.argmin(costs) == 3


def test_what_lies_beyond_the_range_does_not_pull():
    fixed, moving = smooth(0), smooth(1)
    slopes = mutual_information.vjp(
        np.ones(1), fixed, moving, fixed_range=(0.3, 0.7), moving_range=(0.2, 0.6)
    )
    for slope, image, (low, high) in zip(slopes, (fixed, moving), ((0.3, 0.7), (0.2, 0.6)), strict=True):
        outside = (image < low) | (image >= high)
        assert (slope[outside] == 0).all()
        assert (slope[~outside] != 0).all()


def test_nan_is_not_hidden():
    fixed, moving = smooth(0), smooth(1)
    moving[0, 0, 3, 3] = np.nan
    assert np.isnan(mutual_information(fixed, moving, **UNIT)[0])


def test_ranges_are_asked_for():
    with pytest.raises(TypeError, match="argument 'fixed_range' is missing"):
        mutual_information(smooth(), smooth())
    with pytest.raises(ValueError, match="moving_range: expected two finite numbers"):
        mutual_information(smooth(), smooth(), fixed_range=(0, 1), moving_range=(1, 0))


def test_simpleitk_tells_the_same():
    """ITK's metric takes a window of order 0 for the fixed image: nearly the same at many pixels."""
    itk = pytest.importorskip("SimpleITK")
    fixed = smooth(0, 200)
    moving = np.sqrt(fixed) * 0.8 + 0.2 * smooth(1, 200)
    images = [itk.GetImageFromArray(x[0, 0]) for x in (fixed, moving)]
    method = itk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(itk.sitkNearestNeighbor)
    method.SetInitialTransform(itk.TranslationTransform(2))
    expected = method.MetricEvaluate(*(itk.Cast(x, itk.sitkFloat64) for x in images))
    found = mutual_information(
        fixed, moving, bins=46, fixed_range=(0, 1), moving_range=(moving.min(), moving.max())
    )
    assert found[0] == pytest.approx(expected, rel=0.05)
