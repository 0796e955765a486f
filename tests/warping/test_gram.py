"""The array code of Gram matrices: block by block, with little in memory; and what is checked."""

import tracemalloc

import numpy as np
import pytest

from warpkit._core import ArraySpec
from warpkit.grids import identity_grid
from warpkit.warping import _gram, warp_affine_gram
from warpkit.warping._gram import check_residual, frame_points, joint_batch, output_pixels

OPTIONS = {"kernel": "linear", "boundary": "constant", "fill_value": 0.0, "frame": "normalized"}


def arrays(rng, n, shape):
    images = rng.standard_normal((n, 2, *shape)), rng.standard_normal((n, 2, *shape))
    return *images, rng.random((n, *shape)), np.eye(2, 3) + rng.uniform(-0.2, 0.2, (n, 2, 3))


@pytest.mark.parametrize(("elements", "items"), [(1, 1), (300, 2), (10**7, 100)])
def test_blocks_and_items_change_nothing_but_rounding(monkeypatch, elements, items):
    given = arrays(np.random.default_rng(0), 5, (9, 11))
    expected = warp_affine_gram.body(*given, **OPTIONS)
    monkeypatch.setattr(_gram, "ELEMENTS", elements)
    monkeypatch.setattr(_gram, "ITEMS", items)
    np.testing.assert_allclose(warp_affine_gram.body(*given, **OPTIONS), expected, rtol=1e-11, atol=1e-11)


def test_an_item_has_the_bits_that_it_has_alone():
    given = arrays(np.random.default_rng(1), 20, (30, 31))
    together = warp_affine_gram.body(*given, **OPTIONS)
    for i in (0, 7, 19):
        alone = warp_affine_gram.body(*(x[i : i + 1] for x in given), **OPTIONS)
        np.testing.assert_array_equal(together[i : i + 1], alone)


def test_no_array_of_the_size_of_the_jacobian():
    given = arrays(np.random.default_rng(2), 1, (600, 600))
    tracemalloc.start()
    warp_affine_gram.body(*given, **OPTIONS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    jacobian = 2 * 600 * 600 * 6 * 8
    assert peak < jacobian / 2


@pytest.mark.parametrize("shape", [(4,), (3, 5), (2, 3, 4)])
@pytest.mark.parametrize("frame", ["normalized", "corners", "pixel"])
def test_points_are_those_of_the_identity(shape, frame):
    ndim, m = len(shape), int(np.prod(shape))
    pixels = np.concatenate(
        [output_pixels(slice(i, min(i + 2, m)), shape, np.ones(1)) for i in range(0, m, 2)], 1
    )
    np.testing.assert_array_equal(pixels, identity_grid(shape, "pixel").reshape(1, m, ndim))
    found = frame_points(pixels, shape, frame)
    np.testing.assert_array_equal(found, identity_grid(shape, frame).reshape(1, m, ndim))


def test_points_along_an_axis_of_one_pixel():
    np.testing.assert_array_equal(frame_points(np.array([[[0.0, 1.0]]]), (3, 1), "corners"), [[[0.0, 0.0]]])


def test_joint_batch():
    assert joint_batch(1, 3, 1) == 3
    assert joint_batch(0, 1) == 0
    assert joint_batch(1, 1) == 1


def spec(*shape, dtype="f4"):
    return ArraySpec(shape, np.dtype(dtype))


def test_the_output_s_spec():
    found = check_residual(spec(1, 3, 4, 5), spec(1, 3, 6, 7), spec(2, 1, 1), spec(2, 2, 3), 2, **OPTIONS)
    assert found == spec(2, 7, 7, dtype="f8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"moving": spec(1, 3, 4)}, "moving: expected shape"),
        ({"moving": spec(1, 3, 0, 5)}, "moving: expected at least one pixel"),
        ({"fixed": spec(1, 2, 6, 7)}, "fixed: expected shape"),
        ({"weights": spec(1, 6, 1)}, "weights: expected shape"),
        ({"weights": spec(3, 6, 7)}, "weights: expected a batch of 2, or of 1"),
        ({"theta": spec(0, 2, 3)}, "theta: expected a batch of 2, or of 1"),
        ({"fill_value": 1e39}, "fill_value: expected"),
    ],
)
def test_wrong_shapes(changes, message):
    given = {
        "moving": spec(2, 3, 4, 5),
        "fixed": spec(1, 3, 6, 7),
        "weights": spec(1, 6, 7),
        "theta": spec(2, 2, 3),
    }
    with pytest.raises(ValueError, match=message):
        check_residual(ndim=2, **{**given, **OPTIONS, **changes})


def test_wrong_dtypes():
    given = {
        "moving": spec(1, 1, 4, 5),
        "fixed": spec(1, 1, 6, 7),
        "weights": spec(1, 6, 7),
        "theta": spec(1, 2, 3),
    }
    for name in ("moving", "fixed", "weights"):
        wrong = ArraySpec(given[name].shape, np.dtype("i8"))
        with pytest.raises(TypeError, match=f"{name}: expected one of float16"):
            check_residual(ndim=2, **{**given, **OPTIONS, name: wrong})
