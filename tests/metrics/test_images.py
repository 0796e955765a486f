"""What all metrics of images promise: gradients, weights, NaN, dtypes, batches, errors."""

import numpy as np
import pytest

import warpkit as wk
from warpkit import metrics
from warpkit._core import get_op
from warpkit.metrics._images import Pair, flat_sum, normalised
from warpkit.testing import check_jvp, check_vjp

RANGES = {"fixed_range": (-2.0, 2.5), "moving_range": (-3.0, 3.0)}
METRICS = {
    "ssd": {},
    "huber": {"width": 0.5},
    "tukey": {"width": 1.5},
    "correlation": {},
    "local_correlation": {"radius": 1},
    "mutual_information": {"bins": 8, **RANGES},
}
every_metric = pytest.mark.parametrize("name", METRICS)


def call(name, *arrays):
    return getattr(metrics, name)(*arrays, **METRICS[name])


def gradients(name, *arrays, **kwargs):
    op = getattr(metrics, name)
    return op.vjp(np.ones(len(arrays[0])), *arrays, **METRICS[name], **kwargs)


def draw(*shape, seed=0, dtype=np.float64):
    """Two images that are alike; within RANGES, and no value is near that of a bin of the fixed image."""
    rng = np.random.default_rng(seed)
    cell = 4.5 / 7
    fixed = -2 + cell * (rng.integers(0, 7, shape) + rng.uniform(0.2, 0.8, shape))
    moving = np.clip(0.8 * fixed + rng.uniform(-0.7, 0.7, shape), -2.9, 2.9)
    return (
        fixed.astype(dtype),
        moving.astype(dtype),
        rng.uniform(0.5, 1.5, (shape[0], *shape[2:])).astype(dtype),
    )


@every_metric
@pytest.mark.parametrize("shape", [(1, 1, 40), (2, 2, 9, 8), (1, 1, 5, 6, 7)])
def test_every_element_of_the_gradients_by_central_differences(name, shape):
    """Not in a random direction only: each pixel of both images, and each weight."""
    arrays = draw(*shape)
    found = gradients(name, *arrays)
    rng, step = np.random.default_rng(1), 1e-6
    for i, x in enumerate(arrays):
        for where in rng.permutation(x.size)[:40]:
            index = np.unravel_index(where, x.shape)
            values = []
            for sign in (1, -1):
                changed = [y.copy() for y in arrays]
                changed[i][index] += sign * step
                values.append(call(name, *changed)[index[0]])
            slope = (values[0] - values[1]) / (2 * step)
            assert found[i][index] == pytest.approx(slope, rel=1e-5, abs=1e-8)


@every_metric
def test_alike_is_better(name):
    """All of them are costs: noise makes each larger."""
    fixed, moving, _ = draw(1, 1, 20, 20)
    rng = np.random.default_rng(2)
    noisy = moving + rng.normal(0, 0.5, moving.shape)
    unrelated = rng.permuted(moving.reshape(-1)).reshape(moving.shape)
    equal, alike, less, none = (call(name, fixed, x)[0] for x in (fixed, moving, noisy, unrelated))
    assert equal < alike < less < none


@every_metric
def test_a_step_down_the_gradient_makes_it_better(name):
    fixed, moving, weights = draw(2, 1, 12, 12)
    before = call(name, fixed, moving, weights)
    _, slope, _ = gradients(name, fixed, moving, weights)
    after = call(name, fixed, moving - 1e-4 * slope / abs(slope).max(), weights)
    assert (after < before).all()


@every_metric
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_nothing_counts_where_the_weight_is_0(name, bad):
    fixed, moving, weights = draw(2, 2, 9, 9)
    weights[:, 3:5, 2:7] = 0
    expected = call(name, fixed, moving, weights)
    slopes = gradients(name, fixed, moving, weights)
    fixed[..., 3:5, 2:7] = bad
    moving[..., 4, 3] = bad
    np.testing.assert_array_equal(call(name, fixed, moving, weights), expected)
    for found, slope in zip(gradients(name, fixed, moving, weights), slopes, strict=True):
        np.testing.assert_array_equal(found, slope)
        np.testing.assert_array_equal(found[..., 3:5, 2:7], 0)


@every_metric
def test_a_mask_is_the_image_without_the_rest(name):
    """Where windows do not look across the edge of the mask, or reach it on both sides."""
    fixed, moving, _ = draw(1, 2, 12, 7)
    mask = np.zeros((1, 12, 7), bool)
    mask[:, :8] = True
    expected = call(name, fixed[:, :, :8], moving[:, :, :8])
    np.testing.assert_allclose(call(name, fixed, moving, mask), expected, rtol=1e-12)
    _, slope, none = gradients(name, fixed, moving, mask)
    assert none is None
    np.testing.assert_allclose(
        slope[:, :, :8], gradients(name, fixed[:, :, :8], moving[:, :, :8])[1], rtol=1e-10, atol=1e-14
    )


@every_metric
def test_equal_weights_are_none(name):
    fixed, moving, weights = draw(2, 1, 8, 9)
    for w in (np.full_like(weights, 3.0), np.ones((1, 8, 9)), np.ones((1, 8, 9), bool)):
        np.testing.assert_allclose(call(name, fixed, moving, w), call(name, fixed, moving), rtol=1e-12)
    np.testing.assert_array_equal(call(name, fixed, moving, None), call(name, fixed, moving))


@every_metric
def test_weights_shared_by_the_batch(name):
    fixed, moving, weights = draw(3, 1, 6, 7)
    shared, repeated = weights[:1], np.repeat(weights[:1], 3, axis=0)
    np.testing.assert_array_equal(call(name, fixed, moving, shared), call(name, fixed, moving, repeated))
    one, each = gradients(name, fixed, moving, shared), gradients(name, fixed, moving, repeated)
    np.testing.assert_allclose(one[1], each[1], rtol=1e-12)
    np.testing.assert_allclose(one[2], each[2].sum(axis=0, keepdims=True), rtol=1e-10, atol=1e-15)


@every_metric
def test_an_item_does_not_depend_on_the_batch(name):
    """To the bit, at a size where sums are blocked."""
    fixed, moving, weights = draw(3, 2, 40, 300, dtype=np.float32)
    together, slopes = call(name, fixed, moving, weights), gradients(name, fixed, moving, weights)
    for i in range(3):
        own = tuple(x[i : i + 1] for x in (fixed, moving, weights))
        np.testing.assert_array_equal(call(name, *own), together[i : i + 1])
        for found, slope in zip(gradients(name, *own), slopes, strict=True):
            np.testing.assert_array_equal(found, slope[i : i + 1])


@every_metric
def test_any_number_of_threads(name):
    fixed, moving, weights = draw(1, 1, 100, 400, dtype=np.float32)
    before, found = wk.get_num_threads(), []
    try:
        for threads in (1, 3):
            wk.set_num_threads(threads)
            found.append((call(name, fixed, moving, weights), *gradients(name, fixed, moving, weights)))
    finally:
        wk.set_num_threads(before)
    for one, three in zip(*found, strict=True):
        np.testing.assert_array_equal(one, three)


@every_metric
def test_float32_is_near_float64(name):
    narrow = draw(1, 1, 30, 31, dtype=np.float32)
    wide = tuple(x.astype(np.float64) for x in narrow)
    value = call(name, *narrow)
    assert value.dtype == np.float64
    np.testing.assert_allclose(value, call(name, *wide), rtol=2e-6)
    for found, slope in zip(gradients(name, *narrow), gradients(name, *wide), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, slope, atol=2e-5 * abs(slope).max())


@every_metric
def test_float16_and_integers(name):
    fixed, moving, weights = draw(1, 1, 12, 12, dtype=np.float16)
    wide = [x.astype(np.float32) for x in (fixed, moving, weights)]
    np.testing.assert_array_equal(call(name, fixed, moving, weights), call(name, *wide))
    assert gradients(name, fixed, moving)[1].dtype == np.float16
    whole = np.rint(fixed).astype(np.int16)
    np.testing.assert_array_equal(call(name, whole, moving), call(name, whole.astype(np.float32), moving))
    by_whole, by_moving = gradients(name, whole, moving)
    assert by_whole is None
    assert by_moving.shape == moving.shape


@every_metric
def test_only_what_is_asked_for(name):
    arrays = draw(2, 1, 7, 8)
    for i in range(3):
        found = gradients(name, *arrays, needs=[i == j for j in range(3)])
        assert [x is not None for x in found] == [i == j for j in range(3)]


@every_metric
def test_without_any_weight_there_is_no_number(name):
    fixed, moving, weights = draw(2, 1, 7, 8)
    weights[0] = 0
    found = call(name, fixed, moving, weights)
    assert np.isnan(found[0])
    slopes, alone = (
        gradients(name, fixed, moving, weights),
        gradients(name, fixed[1:], moving[1:], weights[1:]),
    )
    for slope, own in zip(slopes, alone, strict=True):
        np.testing.assert_array_equal(slope[1:], own)
    assert (
        found[1] == call(name, fixed, moving, weights)[1] == call(name, fixed[1:], moving[1:], weights[1:])[0]
    )


@every_metric
def test_channels_are_averaged(name):
    fixed, moving, weights = draw(2, 3, 7, 8)
    each = [call(name, fixed[:, i : i + 1], moving[:, i : i + 1], weights) for i in range(3)]
    np.testing.assert_allclose(call(name, fixed, moving, weights), np.mean(each, axis=0), rtol=1e-10)


@every_metric
@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((1, 5), (1, 5)), r"fixed: expected shape \(n, c, \*spatial\) .*given shape \(1, 5\)"),
        (((1, 1, 0), (1, 1, 0)), "fixed: expected shape .* none of length 0"),
        (
            ((1, 1, 5), (1, 1, 6)),
            r"moving: expected shape \(1, 1, 5\), that of fixed, given shape \(1, 1, 6\)",
        ),
        (((2, 1, 5), (2, 1, 5), (3, 5)), r"weights: expected shape \(2 or 1, 5\), .*given shape \(3, 5\)"),
        (((2, 1, 5), (2, 1, 5), (2, 1, 5)), "weights: expected shape"),
    ],
)
def test_shapes_that_do_not_fit(name, shapes, message):
    with pytest.raises(ValueError, match=message):
        call(name, *(np.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("name", [name for name in METRICS if name != "mutual_information"])
@pytest.mark.parametrize(("which", "factor"), [(0, -1.0), (1, 0.99), (2, 0.0)])
def test_a_wrong_gradient_is_caught(name, which, factor, monkeypatch):
    """Planted: the other sign, one in a hundred too short, nothing. First in the vjp, then in both rules.

    (Mutual information has no rules: its body is taped.)
    """
    op = get_op(name)
    right_vjp, right_jvp = op.vjp.own_rule, op.jvp.own_rule
    arrays, static = draw(1, 1, 6, 7), METRICS[name]

    def wrong_vjp(ct_out, *arrays, **kwargs):
        cts = right_vjp(ct_out, *arrays, **kwargs)
        return tuple(ct * factor if i == which and ct is not None else ct for i, ct in enumerate(cts))

    def wrong_jvp(tangents, *arrays, **kwargs):
        scaled = [t * factor if i == which and t is not None else t for i, t in enumerate(tangents)]
        return right_jvp(tuple(scaled), *arrays, **kwargs)

    monkeypatch.setattr(op.vjp, "own_rule", wrong_vjp)
    with pytest.raises(AssertionError, match=("fixed", "moving", "weights")[which]):
        check_vjp(op, *arrays, **static)
    monkeypatch.setattr(op.jvp, "own_rule", wrong_jvp)
    check_vjp(op, *arrays, **static)
    with pytest.raises(AssertionError, match="central differences"):
        check_jvp(op, *arrays, **static)


def test_pair():
    fixed, moving, weights = draw(2, 1, 5)
    pair = Pair.of(fixed, moving, weights)
    assert pair.weights.shape == (2, 1, 5)
    np.testing.assert_allclose(pair.total, weights.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(
        pair.mean(fixed)[:, 0], [np.average(f[0], weights=w) for f, w in zip(fixed, weights, strict=True)]
    )
    np.testing.assert_allclose(flat_sum(fixed), fixed.sum(axis=2))


def test_normalised():
    fixed, moving, _ = draw(2, 2, 50)
    fixed[0, 1] = 0.1  # constant: 50 times 0.1 is not the 50-fold in floating point
    x, gain = normalised(Pair.of(fixed, moving), fixed)
    np.testing.assert_allclose(x[1].mean(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose(x[1].var(axis=1), 1)
    np.testing.assert_allclose(gain[1], 1 / fixed[1].std(axis=1))
    assert gain[0, 1] == 0
    assert (x[0, 1] == 0).all()
