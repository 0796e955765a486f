"""Average-pooling against a slow loop, and its adjoint."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warpkit.ops import avg_pool, avg_pool_to_image
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


@pytest.mark.parametrize("op", [avg_pool, avg_pool_to_image])
def test_derivatives(op):
    check_op(op)


@given(cases())
def test_against_a_slow_loop(case):
    image, window, stride = case
    np.testing.assert_allclose(
        avg_pool(image, window, stride), slow_pool(image, window, stride, np.mean), atol=1e-14
    )


@given(cases())
def test_avg_pool_and_its_adjoint(case):
    image, window, stride = case
    out = avg_pool(image, window, stride)
    values = np.random.default_rng(0).standard_normal(out.shape)
    spread = avg_pool_to_image(values, image.shape[2:], window, stride)
    np.testing.assert_allclose(np.vdot(values, out), np.vdot(spread, image), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_and_layout(dtype):
    """A batch that comes last in memory, as convolution leaves it, gives the same."""
    image = np.random.default_rng(6).standard_normal((3, 2, 4, 4)).astype(dtype)
    batch_last = np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 0, -1)), -1, 0)
    out = avg_pool(image, 2)
    assert out.dtype == dtype
    np.testing.assert_array_equal(avg_pool(batch_last, 2), out)
    (ct_image,) = avg_pool.vjp(out, image, 2)
    (ct_batch_last,) = avg_pool.vjp(avg_pool(batch_last, 2), batch_last, 2)
    np.testing.assert_array_equal(ct_batch_last, ct_image)
    assert ct_image.dtype == dtype


def test_errors():
    with pytest.raises(ValueError, match="window: expected an integer of at least 1"):
        avg_pool(np.ones((1, 1, 4)), 0)
    with pytest.raises(ValueError, match="stride"):
        avg_pool(np.ones((1, 1, 4)), 2, (1, 1))
    with pytest.raises(ValueError, match="at least"):
        avg_pool(np.ones((1, 1, 4)), 5)
    with pytest.raises(TypeError, match="floating"):
        avg_pool(np.ones((1, 1, 4), int), 2)


def test_errors_of_the_adjoint():
    with pytest.raises(ValueError, match="values: expected shape"):
        avg_pool_to_image(np.ones((1, 1, 3)), (4,), 2)
