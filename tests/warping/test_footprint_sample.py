"""Means over footprints: against the formula, block averages, and grid_sample where nothing shrinks."""

import tracemalloc

import numpy as np
import pytest

import warpkit as wk
from warpkit._core import ArraySpec, _native
from warpkit.autograd import grad
from warpkit.ops import avg_pool
from warpkit.sampling import grid_sample
from warpkit.warping import _blocks, footprint_sample
from warpkit.warping._footprint_sample import MOST_SAMPLES, _lattice, sample_counts


def draw(ndim=2, n=2, stretch=3.0, seed=0):
    """Jacobians that stretch by 0 to `stretch`, so that the counts differ from point to point."""
    rng = np.random.default_rng(seed)
    spatial, shape = (9, 8, 7)[:ndim], (4, 3, 2)[:ndim]
    image = rng.standard_normal((n, 3, *spatial))
    grid = rng.uniform(-1, np.array(spatial[::-1]), (n, *shape, ndim))
    jacobian = rng.uniform(-1, 1, (n, *shape, ndim, ndim)) * stretch * rng.uniform(0, 1, (n, *shape, 1, 1))
    return image, grid, jacobian


def by_the_formula(image, grid, jacobian, **options):
    """One point and one sample after the other."""
    ndim = grid.shape[-1]
    out = np.zeros((image.shape[0], image.shape[1], *grid.shape[1:-1]))
    for index in np.ndindex(*grid.shape[:-1]):
        stretch = np.linalg.norm(jacobian[index], axis=0)
        counts = np.maximum(1, np.ceil(stretch - 1e-4)).astype(int)
        values = []
        for i in np.ndindex(*counts):
            place = grid[index].copy()
            for j in range(ndim):
                if counts[j] > 1:
                    step = jacobian[index][:, j] * np.sqrt((1 - 1 / stretch[j] ** 2) / (counts[j] ** 2 - 1))
                    place += (i[j] - (counts[j] - 1) / 2) * step
            one = image[index[0]][None]
            values.append(grid_sample(one, place.reshape(1, 1, ndim), frame="pixel", **options)[0, :, 0])
        out[index[0], :, *index[1:]] = np.mean(values, axis=0)
    return out


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("kernel", ["linear", "nearest"])
@pytest.mark.parametrize("boundary", ["constant", "border", "reflect", "mirror", "wrap"])
def test_against_the_formula(ndim, kernel, boundary):
    image, grid, jacobian = draw(ndim)
    assert len(np.unique(sample_counts(jacobian))) > 2
    options = {"kernel": kernel, "boundary": boundary, "fill_value": 0.5}
    found = footprint_sample(image, grid, jacobian, **options)
    np.testing.assert_allclose(found, by_the_formula(image, grid, jacobian, **options), rtol=0, atol=1e-12)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_grid_sample_where_nothing_shrinks(ndim, dtype):
    """Bit for bit, for every point whose own columns are no longer than 1, whatever the others'."""
    image, grid, jacobian = draw(ndim, stretch=2.5)
    image = image.astype(dtype)
    expected = grid_sample(image, grid, frame="pixel")
    still = (np.linalg.norm(jacobian, axis=-2) <= 1).all(-1)
    assert still.any()
    assert not still.all()
    found = footprint_sample(image, grid, jacobian)
    where = np.broadcast_to(still[:, None], found.shape)
    np.testing.assert_array_equal(found[where], expected[where])
    assert (found[~where] != expected[~where]).any()
    small = jacobian / np.linalg.norm(jacobian, axis=-2, keepdims=True)  # of length 1, but for rounding
    np.testing.assert_array_equal(footprint_sample(image, grid, small), expected)


@pytest.mark.parametrize("factor", [2, 3, 4, 7, 8])
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_block_averages(ndim, factor):
    """Pixels that cover whole pixels are their means."""
    image = np.random.default_rng(1).standard_normal((2, 2, *(factor * n for n in (2, 3, 1)[:ndim])))
    shape = tuple(n // factor for n in image.shape[2:])
    grid = wk.identity_grid(shape, "pixel") * factor + (factor - 1) / 2
    jacobian = np.broadcast_to(factor * np.eye(ndim), (1, *(1,) * ndim, ndim, ndim))
    found = footprint_sample(image, grid, jacobian)
    np.testing.assert_allclose(found, avg_pool(image, factor), rtol=1e-13, atol=1e-13)


def test_different_along_each_axis():
    image = np.random.default_rng(2).standard_normal((1, 1, 4, 15))
    grid = wk.identity_grid((2, 3), "pixel") * [5, 2] + [2, 0.5]
    found = footprint_sample(image, grid, np.diag([5.0, 2.0]).reshape(1, 1, 1, 2, 2))
    np.testing.assert_allclose(found, avg_pool(image, (2, 5)), rtol=1e-13)


@pytest.mark.parametrize("stretch", [1.001, 1.3, 2.0, 2.6, 5.5, 40.3])
def test_variance_of_the_samples(stretch):
    """That of the footprint less that of a pixel, along each column, whatever their directions."""
    rng = np.random.default_rng(3)
    directions = rng.standard_normal((1, 1, 2, 2))
    jacobian = directions / np.linalg.norm(directions, axis=-2, keepdims=True) * [stretch, 1.7]
    places, used = _lattice(np.zeros((1, 1, 2)), jacobian, sample_counts(jacobian))
    assert used is None
    places = places.reshape(-1, 2)
    np.testing.assert_allclose(places.mean(0), 0, atol=1e-12)
    spread = (np.array([stretch, 1.7]) ** 2 - 1) / 12
    units = jacobian[0, 0] / [stretch, 1.7]
    expected = (units * spread) @ units.T
    np.testing.assert_allclose(places.T @ places / len(places), expected, rtol=1e-10)


def test_no_jump_where_shrinking_begins():
    image, grid, _ = draw()
    plain = grid_sample(image, grid, frame="pixel")
    for beyond in (1e-4, 1e-3, 1e-2):
        jacobian = (1 + beyond) * np.eye(2).reshape(1, 1, 1, 2, 2)
        difference = np.abs(footprint_sample(image, grid, jacobian) - plain).max()
        assert difference <= 4 * np.sqrt(beyond) * np.abs(image).max()


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 2e-7), (np.float64, 1e-13)])
def test_constants_stay_constant(ndim, dtype, rtol):
    _, grid, jacobian = draw(ndim, stretch=9.0)
    image = np.full((1, 1, 4, 5, 6)[: ndim + 2], 0.3, dtype)
    found = footprint_sample(image, grid, jacobian, boundary="border")
    np.testing.assert_allclose(found, 0.3, rtol=rtol)
    (ct,) = footprint_sample.vjp(found, image, grid, jacobian, needs=(True, False, False), boundary="wrap")[
        :1
    ]
    assert ct.sum() == pytest.approx(found.sum(), rel=1e-5)  # what is read is weighed by 1 in all


@pytest.mark.parametrize("limit", [1, 10, 100])
def test_blocks_change_no_bit(monkeypatch, limit):
    arrays = draw(stretch=5.0)
    expected = footprint_sample(*arrays)
    alone = [footprint_sample(*(x[i : i + 1] for x in arrays)) for i in range(2)]
    monkeypatch.setattr(_blocks, "SAMPLES", limit)
    np.testing.assert_array_equal(footprint_sample(*arrays), expected)
    np.testing.assert_array_equal(np.concatenate(alone), expected)


@pytest.mark.parametrize("limit", [1, 20])
def test_derivatives_in_blocks(monkeypatch, limit):
    """The sweep over all ops has samples of one block."""
    samples = footprint_sample.draw_samples(np.random.default_rng(4))[:2]
    monkeypatch.setattr(_blocks, "SAMPLES", limit)
    for sample in samples:
        wk.testing.check_op(footprint_sample, *sample.arrays, **sample.static)


@pytest.mark.parametrize("lengths", [(1, 3, 3), (3, 1, 1), (1, 1, 3), (1, 3, 1), (3, 3, 1)])
@pytest.mark.parametrize("limit", [10, 2**18])
def test_batches_of_one(monkeypatch, lengths, limit):
    """Values and cotangents are those of the arrays repeated."""
    monkeypatch.setattr(_blocks, "SAMPLES", limit)
    arrays = [x[:n] for x, n in zip(draw(n=3), lengths, strict=True)]
    repeated = [np.repeat(x, 3 // len(x), axis=0) for x in arrays]
    out = footprint_sample(*arrays)
    np.testing.assert_array_equal(out, footprint_sample(*repeated))
    ct_out = np.random.default_rng(5).standard_normal(out.shape)
    cts = footprint_sample.vjp(ct_out, *arrays)
    for ct, whole, n in zip(cts, footprint_sample.vjp(ct_out, *repeated), lengths, strict=True):
        expected = whole if n == 3 else whole.sum(0, keepdims=True)
        np.testing.assert_allclose(ct, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("limit", [10, 2**18])
def test_one_jacobian_for_all_points(monkeypatch, limit):
    monkeypatch.setattr(_blocks, "SAMPLES", limit)
    image, grid, jacobian = draw()
    one = 3 * np.eye(2) + jacobian[:, :1, :1]
    everywhere = np.broadcast_to(one, jacobian.shape)
    np.testing.assert_array_equal(
        footprint_sample(image, grid, one), footprint_sample(image, grid, everywhere)
    )
    ct_out = np.random.default_rng(6).standard_normal((2, 3, 4, 3))
    ct = footprint_sample.vjp(ct_out, image, grid, one, needs=(False, False, True))[2]
    whole = footprint_sample.vjp(ct_out, image, grid, everywhere, needs=(False, False, True))[2]
    np.testing.assert_allclose(ct, whole.sum((1, 2), keepdims=True), rtol=1e-10)


def test_nothing_infinite_spoils_its_neighbours():
    image, grid, jacobian = draw(stretch=2.5)
    expected = footprint_sample(image, grid, jacobian, fill_value=7.0)
    grid, jacobian = grid.copy(), jacobian.copy()
    grid[0, 0, 0, 0], grid[0, 1, 1] = np.nan, np.inf
    jacobian[0, 1, 1], jacobian[0, 2, 2, :, 0] = np.nan, np.inf
    found = footprint_sample(image, grid, jacobian, fill_value=7.0)
    assert np.isnan(found[0, :, 0, 0]).all()
    assert (found[0, :, 1, 1] == 7.0).all()
    jacobian[0, 2, 2, :, 0] = 0.0  # a column that is not finite counts as zero
    np.testing.assert_array_equal(
        found[0, :, 2, 2], footprint_sample(image, grid, jacobian, fill_value=7.0)[0, :, 2, 2]
    )
    same = np.ones((4, 3), bool)
    same[[0, 1, 2], [0, 1, 2]] = False
    np.testing.assert_array_equal(found[0][:, same], expected[0][:, same])
    cts = footprint_sample.vjp(np.ones_like(found), image, grid, jacobian)
    assert np.isfinite(cts[0]).all()
    assert np.isnan(cts[1]).any(-1).sum() == 1


def test_pixels_that_are_not_numbers_stay_where_they_are():
    image = np.zeros((1, 1, 1, 8))
    image[..., 6] = np.inf
    grid = np.array([[[[1.5, 0.0], [5.5, 0.0], [2.0, 0.0]]]])
    jacobian = np.zeros((1, 1, 3, 2, 2))
    jacobian[..., 0, 0] = 4.0, 4.0, 1.0
    np.testing.assert_array_equal(footprint_sample(image, grid, jacobian)[0, 0, 0], [0, np.inf, 0])


def test_most_samples():
    """A footprint of any length takes no more samples, and huge ones are no error."""
    assert sample_counts(np.array([[1e4, 0.0], [0.0, 2.5]])).tolist() == [MOST_SAMPLES, 3]
    assert sample_counts(np.array([[1e300, 0.0], [0.0, 1.0]])).tolist() == [1, 1]  # its square is infinite
    image = np.random.default_rng(7).uniform(0, 1, (1, 1, 1, 4096))
    jacobian = np.diag([4096.0, 1.0]).reshape(1, 1, 1, 2, 2)
    found = footprint_sample(image, np.array([[[[2047.5, 0.0]]]]), jacobian)
    assert found.item() == pytest.approx(0.5, abs=0.15)


def test_integers_are_rounded_once():
    image = np.array([[[[0, 1, 255, 254]]]], np.uint8)
    grid = np.array([[[[0.5, 0.0], [2.5, 0.0], [1.25, 0.0]]]])
    jacobian = np.diag([2.0, 1.0]).reshape(1, 1, 1, 2, 2)
    found = footprint_sample(image, grid, jacobian)
    assert found.dtype == np.uint8
    expected = footprint_sample(image.astype(np.float64), grid, jacobian)
    np.testing.assert_array_equal(found, np.rint(expected))
    assert expected[0, 0, 0, :2].tolist() == [0.5, 254.5]  # halves go to even
    half = footprint_sample(image.astype(np.float16), grid, jacobian)
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, expected, rtol=1e-3)


def test_memory_is_that_of_one_block():
    """2^20 samples, whose places alone would take 16 MB in float64; array code holds more besides."""
    image = np.zeros((1, 1, 1024, 1024), np.float32)
    grid = wk.identity_grid((128, 128), "pixel") * 8 + 3.5
    jacobian = 8 * np.eye(2).reshape(1, 1, 1, 2, 2)
    footprint_sample(image, grid, jacobian)
    tracemalloc.start()
    footprint_sample(image, grid, jacobian)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (14e6 if _native.load().library else 35e6)


def test_second_derivative():
    """Of the mean of a plane x y: bilinear, so that it is known; by a common stretch of both columns."""
    y, x = np.mgrid[:20, :20]
    image, grid = (x * y * 1.0)[None, None], np.array([[[[9.3, 9.6]]]])
    shear = np.array([[1.0, 0.4], [0.3, 1.0]])
    size = wk.Variable(np.array(3.3))
    out = footprint_sample(image, grid, (shear * size).reshape(1, 1, 1, 2, 2)).sum()
    (first,) = grad(out, [size], create_graph=True)
    (second,) = grad(first, [size])
    lengths = np.linalg.norm(shear, axis=0)
    # E[x y] = x y + sum over columns of the product of both coordinates of its unit vector times the variance
    product = (shear / lengths).prod(0)
    variance = ((3.3 * lengths) ** 2 - 1) / 12
    assert out.data == pytest.approx(9.3 * 9.6 + (product * variance).sum(), rel=1e-12)
    assert first.data == pytest.approx((product * lengths**2).sum() * 3.3 / 6, rel=1e-12)
    assert second == pytest.approx((product * lengths**2).sum() / 6, rel=1e-10)


def test_bad_arguments():
    image, grid, jacobian = draw()
    with pytest.raises(ValueError, match=r"jacobian: expected shape \(n, 4, 3, 2, 2\), for that grid, given"):
        footprint_sample(image, grid, jacobian[..., 0])
    with pytest.raises(ValueError, match="jacobian: expected shape"):
        footprint_sample(image, grid, jacobian[:, :2])
    with pytest.raises(ValueError, match="jacobian: expected a batch of 2, or of 1, given a batch of 3"):
        footprint_sample(image, grid, np.zeros((3, 4, 3, 2, 2)))
    with pytest.raises(ValueError, match="grid: expected a batch of 2"):
        footprint_sample(image, grid[[0, 0, 0]], jacobian)
    with pytest.raises(TypeError, match=r"image: expected one of float16, .* to be averaged, given bool"):
        footprint_sample(image > 0, grid, jacobian, kernel="nearest")
    with pytest.raises(ValueError, match="kernel: expected"):
        footprint_sample(image, grid, jacobian, kernel="box")


def test_spec_of_batches():
    image, grid, jacobian = (ArraySpec.of(x) for x in draw(n=1))
    several = ArraySpec((5, *jacobian.shape[1:]), jacobian.dtype)
    options = {"kernel": "linear", "boundary": "wrap", "fill_value": 0.0}
    assert footprint_sample.output_specs((image, grid, several), options)[0].shape == (5, 3, 4, 3)
