import numpy as np
import pytest

from warpkit.autograd import Variable, grad
from warpkit.metrics import correlation


def draw(*shape, seed=0):
    rng = np.random.default_rng(seed)
    fixed = rng.standard_normal(shape)
    return fixed, fixed + rng.standard_normal(shape)


def test_against_corrcoef():
    fixed, moving = draw(3, 1, 7, 8)
    expected = [1 - np.corrcoef(f.ravel(), m.ravel())[0, 1] for f, m in zip(fixed, moving, strict=True)]
    np.testing.assert_allclose(correlation(fixed, moving), expected, rtol=1e-12)


def test_weights_against_cov():
    """Whole numbers as weights count pixels that often."""
    fixed, moving = draw(1, 1, 30)
    often = np.random.default_rng(1).integers(0, 5, 30)
    cov = np.cov(fixed[0, 0], moving[0, 0], fweights=often, ddof=0)
    expected = 1 - cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1])
    assert correlation(fixed, moving, often[None])[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("gain", "bias"), [(3.0, 0.0), (0.2, -7.0), (1e-8, 2e-7), (1e9, 1e9)])
def test_gain_and_bias_do_not_matter(gain, bias):
    fixed, moving = draw(2, 2, 6, 7)
    expected, slopes = correlation(fixed, moving), correlation.vjp(np.ones(2), fixed, moving)
    np.testing.assert_allclose(correlation(fixed, gain * moving + bias), expected, rtol=1e-9)
    np.testing.assert_allclose(correlation(gain * fixed + bias, moving), expected, rtol=1e-9)
    changed = correlation.vjp(np.ones(2), fixed, gain * moving + bias)
    np.testing.assert_allclose(changed[0], slopes[0], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(changed[1] * gain, slopes[1], rtol=1e-6, atol=1e-12)


def test_the_gradient_is_orthogonal_to_gain_and_bias():
    fixed, moving = draw(1, 1, 50)
    for slope, image in zip(correlation.vjp(np.ones(1), fixed, moving), (fixed, moving), strict=True):
        assert abs(slope.sum()) < 1e-15
        assert abs((slope * image).sum()) < 1e-15


def test_the_bounds():
    fixed, _ = draw(1, 1, 50)
    np.testing.assert_allclose(correlation(fixed, 2 * fixed + 1), 0, atol=1e-15)
    np.testing.assert_allclose(correlation(fixed, -fixed), 2)


def test_ecc_is_twice_as_much():
    """The criterion of Evangelidis and Psarakis, as they write it."""
    fixed, moving = draw(1, 1, 9, 10)
    f, m = fixed - fixed.mean(), moving - moving.mean()
    ecc = np.linalg.norm(f / np.linalg.norm(f) - m / np.linalg.norm(m)) ** 2
    assert 2 * correlation(fixed, moving)[0] == pytest.approx(ecc, rel=1e-12)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_image_has_no_correlation(constant, dtype):
    fixed, moving = (x.astype(dtype) for x in draw(1, 2, 9, 11))
    moving[:, 1] = constant
    found = correlation(fixed, moving)
    alone = correlation(fixed[:, :1], moving[:, :1])
    np.testing.assert_allclose(found, (alone + 1) / 2)
    for slope in correlation.vjp(np.ones(1), fixed, moving):
        np.testing.assert_array_equal(slope[:, 1], 0)


def test_second_order():
    """The Hessian at equal images is twice that of the normalised residual's half square: P / |f|^2."""
    fixed, _ = draw(1, 1, 6)
    x = Variable(fixed)
    (first,) = (grad(correlation(fixed, x).sum(), x, create_graph=True),)
    rows = [grad(first[0, 0, i], x, retain_graph=True)[0, 0] for i in range(6)]
    f = fixed[0, 0] - fixed.mean()
    projector = np.eye(6) - 1 / 6 - np.outer(f, f) / (f @ f)
    np.testing.assert_allclose(rows, projector / (f @ f), atol=1e-12)
