"""Max-pooling against a slow loop; ties, NaN, and the two ops behind its derivatives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warpkit.autograd import Variable, grad
from warpkit.ops import max_pool, place_in_windows, take_from_windows
from warpkit.ops._windows import count_windows, per_axis
from warpkit.testing import check_op


def slow_pool(image, window, stride, reduce):
    """The windows one after the other."""
    ndim = image.ndim - 2
    window, stride = per_axis(window, ndim, ""), per_axis(stride or window, ndim, "")
    out = np.zeros((*image.shape[:2], *count_windows(image.shape[2:], window, stride)))
    for p in np.ndindex(*out.shape[2:]):
        where = tuple(slice(i * t, i * t + w) for i, t, w in zip(p, stride, window, strict=True))
        out[:, :, *p] = reduce(image[:, :, *where], axis=tuple(range(2, image.ndim)))
    return out


@st.composite
def cases(draw):
    """An image and how it is pooled, in 1, 2 and 3 dimensions."""
    ndim = draw(st.integers(1, 3))
    window = tuple(draw(st.integers(1, 3)) for _ in range(ndim))
    stride = draw(st.none() | st.tuples(*[st.integers(1, 3)] * ndim))
    shape = tuple(w + draw(st.integers(0, 4)) for w in window)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.standard_normal((draw(st.integers(0, 2)), 2, *shape)), window, stride


@pytest.mark.parametrize("op", [max_pool, take_from_windows, place_in_windows])
def test_derivatives(op):
    check_op(op)


@given(cases())
def test_against_a_slow_loop(case):
    image, window, stride = case
    np.testing.assert_array_equal(max_pool(image, window, stride), slow_pool(image, window, stride, np.max))


@given(cases())
def test_gradient_of_max_pool_goes_to_the_largest(case):
    image, window, stride = case
    out = max_pool(image, window, stride)
    ct_out = np.random.default_rng(0).standard_normal(out.shape)
    (ct_image,) = max_pool.vjp(ct_out, image, window, stride)
    expected = np.zeros_like(image)
    for n, c, *p in np.ndindex(*out.shape):
        expected[n, c] += ct_out[n, c, *p] * (image[n, c] == out[n, c, *p])
    np.testing.assert_allclose(ct_image, expected, atol=1e-14)


def test_of_equal_values_the_first_in_row_major_order():
    image = np.array([[[[1.0, 5.0], [5.0, 5.0]]]])
    (ct_image,) = max_pool.vjp(np.array([[[[2.0]]]]), image, 2)
    np.testing.assert_array_equal(ct_image, [[[[0.0, 2.0], [0.0, 0.0]]]])


def test_nan_wins():
    image = np.array([[[1.0, np.nan, 3.0, np.nan]]])
    np.testing.assert_array_equal(max_pool(image, 4), [[[np.nan]]])
    (ct_image,) = max_pool.vjp(np.array([[[1.0]]]), image, 4)
    np.testing.assert_array_equal(ct_image, [[[0.0, 1.0, 0.0, 0.0]]])


@pytest.mark.parametrize("window", [256, 257, 300])
def test_a_window_of_many_elements(window):
    """Its last element's index needs more than a byte."""
    image = np.arange(window, dtype=np.float64)[None, None]
    (ct_image,) = max_pool.vjp(np.ones((1, 1, 1)), image, window)
    np.testing.assert_array_equal(ct_image[0, 0], image[0, 0] == window - 1)


def test_an_infinite_cotangent_stays_in_its_place():
    (ct_image,) = max_pool.vjp(np.array([[[-np.inf]]]), np.array([[[1.0, 2.0]]]), 2)
    np.testing.assert_array_equal(ct_image, [[[0.0, -np.inf]]])


def test_taking_and_placing_are_adjoint():
    rng = np.random.default_rng(5)
    image, how = rng.standard_normal((2, 3, 7, 6)), {"window": (3, 2), "stride": (2, 1)}
    index, values = rng.integers(0, 6, (2, 3, 3, 5)), rng.standard_normal((2, 3, 3, 5))
    taken = take_from_windows(image, index, **how)
    placed = place_in_windows(values, index, (7, 6), **how)
    np.testing.assert_allclose(np.vdot(values, taken), np.vdot(placed, image))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_and_layout(dtype):
    """A batch that comes last in memory, as convolution leaves it, gives the same."""
    image = np.random.default_rng(6).standard_normal((3, 2, 4, 4)).astype(dtype)
    batch_last = np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 0, -1)), -1, 0)
    out = max_pool(image, 2)
    assert out.dtype == dtype
    np.testing.assert_array_equal(max_pool(batch_last, 2), out)
    (ct_image,) = max_pool.vjp(out, image, 2)
    (ct_batch_last,) = max_pool.vjp(max_pool(batch_last, 2), batch_last, 2)
    np.testing.assert_array_equal(ct_batch_last, ct_image)
    assert ct_image.dtype == dtype


def test_second_order():
    """The square of the maximum has a second derivative: 2 where the maximum is."""
    x = Variable(np.array([[[1.0, 3.0, 2.0, -1.0]]]))
    out = max_pool(x, 2)
    first = grad((out * out).sum(), x, create_graph=True)
    np.testing.assert_array_equal(grad(first.sum(), x), [[[0.0, 2.0, 2.0, 0.0]]])


def test_errors():
    with pytest.raises(ValueError, match="window: expected an integer of at least 1"):
        max_pool(np.ones((1, 1, 4)), 0)
    with pytest.raises(ValueError, match="stride"):
        max_pool(np.ones((1, 1, 4)), 2, (1, 1))
    with pytest.raises(ValueError, match="at least"):
        max_pool(np.ones((1, 1, 4)), 5)
    with pytest.raises(TypeError, match="floating"):
        max_pool(np.ones((1, 1, 4), int), 2)


def test_errors_of_the_linear_ops():
    with pytest.raises(ValueError, match="index: expected integers of shape"):
        take_from_windows(np.ones((1, 1, 4)), np.ones((1, 1, 2)), 2)
    with pytest.raises(ValueError, match="index: expected integers of shape"):
        place_in_windows(np.ones((1, 1, 2)), np.ones((1, 1, 3), int), (4,), 2)
