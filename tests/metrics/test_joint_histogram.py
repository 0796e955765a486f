import numpy as np
import pytest

from warpkit.metrics import _joint_histogram as module
from warpkit.metrics import histogram_lookup, joint_histogram
from warpkit.testing import check_jvp, check_vjp

RANGES = {"fixed_range": (0.0, 1.0), "moving_range": (-1.0, 1.0)}


def draw(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random(shape), rng.uniform(-1, 1, shape), rng.random((shape[0], 1, *shape[2:]))


def hat(x):
    return np.maximum(1 - abs(x), 0)


def cubic(x):
    x = abs(x)
    return np.where(x < 1, 2 / 3 - x**2 + x**3 / 2, np.maximum(2 - x, 0) ** 3 / 6)


def test_against_a_loop():
    fixed, moving, weights = draw(2, 2, 30)
    expected = np.zeros((2, 2, 7, 7))
    for i, k, p, a, b in np.ndindex(2, 2, 30, 7, 7):
        place_f, place_m = 6 * fixed[i, k, p], 1 + 4 * (moving[i, k, p] + 1) / 2
        expected[i, k, a, b] += weights[i, 0, p] * hat(place_f - a) * cubic(place_m - b)
    found = joint_histogram(fixed, moving, weights, bins=7, **RANGES)
    np.testing.assert_allclose(found, expected, atol=1e-13)
    np.testing.assert_allclose(found.sum(axis=(2, 3)), np.broadcast_to(weights.sum(axis=2), (2, 2)))


def test_values_on_bins_are_counted():
    """The fixed image's window is linear: whole numbers fall into one bin each, as in numpy.histogram."""
    fixed = np.random.default_rng(0).integers(0, 9, (1, 1, 200)).astype(float)
    found = joint_histogram(
        fixed, fixed, np.ones((1, 1, 200)), bins=9, fixed_range=(0, 8), moving_range=(0, 8)
    )
    np.testing.assert_allclose(
        found[0, 0].sum(axis=1), np.histogram(fixed, bins=np.arange(-0.5, 9))[0], atol=1e-12
    )


def test_blocks_change_nothing(monkeypatch):
    arrays = draw(1, 1, 1000)
    whole = joint_histogram(*arrays, bins=6, **RANGES)
    monkeypatch.setattr(module, "POINTS", 7)
    np.testing.assert_allclose(joint_histogram(*arrays, bins=6, **RANGES), whole, atol=1e-12)


@pytest.mark.parametrize("derivative", [(0, 0), (1, 0), (0, 1), (1, 2), (2, 0), (0, 4)])
def test_lookup_is_the_adjoint(derivative):
    fixed, moving, weights = draw(2, 1, 40)
    table = np.random.default_rng(1).standard_normal((2, 1, 6, 6))
    h = joint_histogram(fixed, moving, weights, bins=6, derivative=derivative, **RANGES)
    y = histogram_lookup(table, fixed, moving, derivative=derivative, **RANGES)
    np.testing.assert_allclose((h * table).sum(), (weights * y).sum(), rtol=1e-11)


def test_derivatives_raise_the_order():
    """Central differences of one order are the next; the linear window has no second, the cubic no fourth."""
    fixed, moving = module.draw_histogram_images(np.random.default_rng(2), (1, 1, 50), 6)
    table, h = np.random.default_rng(1).standard_normal((1, 1, 6, 6)), 1e-5
    ranges = {"fixed_range": (0, 1), "moving_range": (0, 1)}
    for i, j in np.ndindex(2, 3):
        ahead, behind = (
            histogram_lookup(table, fixed, moving + s * h, derivative=(i, j), **ranges) for s in (1, -1)
        )
        slope = histogram_lookup(table, fixed, moving, derivative=(i, j + 1), **ranges)
        np.testing.assert_allclose((ahead - behind) / (2 * h), slope, rtol=1e-5, atol=1e-4)
    for derivative in ((2, 0), (0, 4)):
        assert not histogram_lookup(table, fixed, moving, derivative=derivative, **ranges).any()


def test_at_kinks_the_right_derivative():
    """The fixed value lies on bin 2; to its right the table rises by 5 per bin."""
    table = np.array([0.0, 1.0, 3.0, 8.0, 9.0])[:, None] * np.ones(5)
    image, ranges = np.array([[[0.5]]]), {"fixed_range": (0, 1), "moving_range": (0, 1)}
    assert histogram_lookup(table[None, None], image, image, **ranges)[0, 0, 0] == pytest.approx(3)
    slope = histogram_lookup(table[None, None], image, image, derivative=(1, 0), **ranges)
    assert slope[0, 0, 0] == pytest.approx(5 * 4)  # bins per unit


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_wrong_gradient_is_caught(which, monkeypatch):
    fixed, moving = module.draw_histogram_images(np.random.default_rng(3), (1, 1, 20), 6)
    arrays, static = (fixed, moving, np.ones((1, 1, 20))), {"bins": 6, **module.RANGES}
    check_jvp(joint_histogram, *arrays, **static)
    right = joint_histogram.vjp.own_rule

    def wrong(ct_out, *arrays, **kwargs):
        cts = right(ct_out, *arrays, **kwargs)
        return tuple(ct * 0.99 if i == which and ct is not None else ct for i, ct in enumerate(cts))

    monkeypatch.setattr(joint_histogram.vjp, "own_rule", wrong)
    with pytest.raises(AssertionError, match=("fixed", "moving", "weights")[which]):
        check_vjp(joint_histogram, *arrays, **static)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"bins": 4}, ValueError, "bins: expected an integer of at least 5, given 4"),
        ({"bins": 8.0}, TypeError, "bins: expected an integer, given builtins.float"),
        (
            {"fixed_range": (1.0, 1.0)},
            ValueError,
            "fixed_range: expected two finite numbers, the first one below",
        ),
        ({"moving_range": (0.0, np.inf)}, ValueError, "moving_range: expected two finite numbers"),
        ({"moving_range": 1.0}, ValueError, "moving_range: expected two numbers, .* given 1.0"),
        ({"derivative": (1,)}, ValueError, "derivative: expected two integers of at least 0"),
    ],
)
def test_errors(changed, error, message):
    with pytest.raises(error, match=message):
        joint_histogram(*draw(1, 1, 5), **{"bins": 6, **RANGES, **changed})


def test_shapes():
    fixed, moving, weights = draw(2, 3, 5)
    with pytest.raises(
        ValueError, match=r"weights: expected shape \(2 or 1, 3 or 1, 5\), given shape \(2, 5\)"
    ):
        joint_histogram(fixed, moving, weights[:, 0], bins=6, **RANGES)
    with pytest.raises(
        ValueError, match=r"table: expected shape \(2, 3, bins, bins\), given shape \(2, 3, 6, 7\)"
    ):
        histogram_lookup(np.zeros((2, 3, 6, 7)), fixed, moving, **RANGES)
