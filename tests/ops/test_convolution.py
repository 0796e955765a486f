"""Convolution against a slow loop and SciPy, its adjoints, its derivatives to third order."""

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from warpkit.ops import _columns, convolution, convolution_to_image, convolution_to_weight
from warpkit.ops._windows import per_axis
from warpkit.testing import check_op

FAMILY = [convolution, convolution_to_image, convolution_to_weight]


def slow_convolution(image, weight, stride, padding, dilation):
    """The formula, one product at a time."""
    ndim = image.ndim - 2
    stride, padding, dilation = (per_axis(x, ndim, "", least=0) for x in (stride, padding, dilation))
    padded = np.pad(image, [(0, 0), (0, 0), *((p, p) for p in padding)])
    reach = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)]
    out_shape = [(s - r) // t + 1 for s, r, t in zip(padded.shape[2:], reach, stride, strict=True)]
    out = np.zeros((len(image), len(weight), *out_shape))
    for p in np.ndindex(*out_shape):
        for k in np.ndindex(*weight.shape[2:]):
            at = tuple(i * t + j * d for i, t, j, d in zip(p, stride, k, dilation, strict=True))
            out[:, :, *p] += padded[:, :, *at] @ weight[:, :, *k].T
    return out


@st.composite
def cases(draw):
    """Image, weight and how: any sizes in 1, 2 and 3 dimensions."""
    ndim = draw(st.integers(1, 3))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(ndim))  # noqa: E731
    kernel, how = (
        numbers(1, 3),
        {"stride": numbers(1, 3), "padding": numbers(0, 2), "dilation": numbers(1, 2)},
    )
    least = [
        max(1, d * (k - 1) + 1 - 2 * p)
        for k, d, p in zip(kernel, how["dilation"], how["padding"], strict=True)
    ]
    shape = tuple(n + draw(st.integers(0, 4)) for n in least)
    batch, c, o = (draw(st.integers(0 if i == 0 else 1, 3)) for i in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.standard_normal((batch, c, *shape)), rng.standard_normal((o, c, *kernel)), how


@given(cases())
def test_against_a_slow_loop(case):
    image, weight, how = case
    np.testing.assert_allclose(
        convolution(image, weight, **how), slow_convolution(image, weight, **how), atol=1e-12
    )


@given(cases())
def test_the_family_is_one_trilinear_form(case):
    """<y, conv(x, w)> = <x, to_image(y, w)> = <w, to_weight(x, y)>."""
    image, weight, how = case
    out = convolution(image, weight, **how)
    values = np.random.default_rng(0).standard_normal(out.shape)
    expected = np.vdot(values, out)
    to_image = convolution_to_image(values, weight, image.shape[2:], **how)
    to_weight = convolution_to_weight(image, values, weight.shape[2:], **how)
    np.testing.assert_allclose(np.vdot(image, to_image), expected, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(np.vdot(weight, to_weight), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("shape", "kernel"), [((9,), (4,)), ((7, 9), (3, 2)), ((5, 4, 6), (2, 3, 1))])
def test_against_scipy(shape, kernel):
    rng = np.random.default_rng(1)
    image, weight = rng.standard_normal((2, 3, *shape)), rng.standard_normal((4, 3, *kernel))
    expected = [
        [
            sum(scipy.signal.correlate(x, w, mode="valid") for x, w in zip(xs, ws, strict=True))
            for ws in weight
        ]
        for xs in image
    ]
    np.testing.assert_allclose(convolution(image, weight), expected, atol=1e-12)


@pytest.mark.parametrize("block", [1, 100])
def test_blocks_do_not_change_the_result(monkeypatch, block):
    rng = np.random.default_rng(2)
    image, weight = rng.standard_normal((2, 3, 12, 11)), rng.standard_normal((4, 3, 3, 3))
    how = {"stride": 2, "padding": 1, "dilation": 1}
    whole = convolution(image, weight, **how)
    parts = convolution.vjp(whole, image, weight, **how)
    monkeypatch.setattr(_columns, "BLOCK_ELEMENTS", block)
    np.testing.assert_allclose(convolution(image, weight, **how), whole, rtol=1e-12)
    for one, other in zip(convolution.vjp(whole, image, weight, **how), parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("op", FAMILY)
def test_derivatives(op):
    check_op(op)


@pytest.mark.parametrize("op", FAMILY)
def test_only_what_is_asked_for(op):
    sample = op.draw_samples(np.random.default_rng(3))[1]
    out = op(*sample.arrays, **sample.static)
    first, second = op.vjp(out, *sample.arrays, needs=(False, True), **sample.static)
    assert first is None
    assert second.shape == sample.arrays[1].shape


@pytest.mark.parametrize(
    ("image_dtype", "weight_dtype"), list(itertools.product([np.float32, np.float64], repeat=2))
)
def test_dtypes(image_dtype, weight_dtype):
    """The wider of the two is computed in; a cotangent has the dtype of what it belongs to."""
    image, weight = np.ones((2, 1, 4), image_dtype), np.ones((3, 1, 2), weight_dtype)
    out = convolution(image, weight)
    assert out.dtype == np.result_type(image_dtype, weight_dtype)
    cotangents = convolution.vjp(out, image, weight)
    assert [ct.dtype for ct in cotangents] == [image_dtype, weight_dtype]


def test_inputs_stay_as_they_are():
    rng = np.random.default_rng(4)
    image, weight = rng.standard_normal((2, 2, 6, 6)), rng.standard_normal((3, 2, 3, 3))
    strided = np.repeat(image, 2, axis=-1)[..., ::2]
    for x in (image, weight, strided):
        x.flags.writeable = False
    np.testing.assert_array_equal(
        convolution(image, weight, padding=1), convolution(strided, weight, padding=1)
    )
    convolution.vjp(convolution(image, weight), image, weight)


@pytest.mark.parametrize(
    ("image", "weight", "how", "message"),
    [
        ((2, 3, 5, 5), (4, 2, 3, 3), {}, "image: expected 2 channels"),
        ((2, 3, 5, 5), (4, 3, 3), {}, "weight: expected shape"),
        ((2, 3, 2, 5), (4, 3, 3, 3), {}, "at least"),
        ((3, 5), (4, 3), {}, "image: expected shape"),
        ((2, 3, 5, 5), (4, 3, 3, 3), {"stride": 0}, "stride"),
        ((2, 3, 5, 5), (4, 3, 3, 3), {"padding": -1}, "padding"),
        ((2, 3, 5, 5), (4, 3, 3, 3), {"dilation": (1, 1, 1)}, "dilation"),
    ],
)
def test_errors(image, weight, how, message):
    with pytest.raises(ValueError, match=message):
        convolution(np.ones(image), np.ones(weight), **how)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="image: expected a floating dtype"):
        convolution(np.ones((1, 1, 4), np.uint8), np.ones((1, 1, 2)))


def test_errors_of_the_adjoints():
    with pytest.raises(ValueError, match="values: expected spatial shape"):
        convolution_to_image(np.ones((1, 1, 4)), np.ones((1, 1, 2)), (4,))
    with pytest.raises(ValueError, match="values: expected 2 channels"):
        convolution_to_image(np.ones((1, 1, 3)), np.ones((2, 1, 2)), (4,))
    with pytest.raises(ValueError, match="values: expected a batch"):
        convolution_to_weight(np.ones((1, 1, 4)), np.ones((2, 1, 3)), (2,))
