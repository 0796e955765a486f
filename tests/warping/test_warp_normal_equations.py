"""Normal equations against the Jacobian written out, column by column, and plain linear algebra."""

import tracemalloc

import numpy as np
import pytest

import warpkit as wk
from warpkit._core import _native
from warpkit.autograd import jvp
from warpkit.transforms import AbstractAffine


def smooth(rng, shape, dtype="f8"):
    """Waves of a few pixels' length, about 100 high."""
    axes = np.meshgrid(*[np.arange(length) for length in shape[2:]], indexing="ij")
    out = np.zeros(shape)
    for _ in range(4):
        waves = rng.uniform(-0.5, 0.5, (len(axes), *shape[:2], *(1,) * len(axes)))
        phase = sum(wave * axis for wave, axis in zip(waves, axes, strict=True))
        out += np.sin(phase + rng.uniform(0, 6, (*shape[:2], *(1,) * len(axes))))
    return (100 + 25 * out).astype(dtype)


def transforms(rng, ndim, n, frame="normalized"):
    """One of each class with parameters, away from the identity."""
    draw = {"n": n, "frame": frame}
    yield wk.Affine(np.eye(ndim, ndim + 1) + rng.uniform(-0.1, 0.1, (n, ndim, ndim + 1)), frame=frame)
    yield wk.Translation.random(rng, ndim, **draw)
    if ndim == 1:
        return
    yield wk.Projective(np.eye(ndim + 1) + rng.uniform(-0.05, 0.05, (n, ndim + 1, ndim + 1)), frame=frame)
    yield wk.Projective(-2 * np.eye(ndim + 1)[None] + rng.uniform(-0.05, 0.05, (n, *(ndim + 1,) * 2)))
    yield wk.ThinPlateSpline.random(rng, ndim, **draw)
    yield wk.Rigid.random(rng, ndim, **draw)
    yield wk.Similarity.random(rng, ndim, **draw)
    yield wk.Attention.random(rng, ndim, **draw)


def fields_of(transform):
    """The parameters' arrays, by name, in the order that is documented."""
    names = {
        wk.Translation: ["translation"],
        wk.Attention: ["scale", "translation"],
        wk.Rigid: ["rotation", "translation"],
        wk.Similarity: ["scale", "rotation", "translation"],
    }
    return {name: getattr(transform, name) for name in names.get(type(transform), ["theta"])}


def rebuilt(transform, parts):
    if isinstance(transform, wk.ThinPlateSpline):
        others = (transform.control_points, transform.regularization)
        return wk.ThinPlateSpline(*parts, *others, frame=transform.frame)
    return type(transform)(*parts, frame=transform.frame)


def jacobian(moving, transform, shape, options):
    """The columns (n, points of all channels, p) of J, each a tangent of `warp`."""
    values = list(fields_of(transform).values())
    columns = []
    for i, value in enumerate(values):
        for place in np.ndindex(value.shape[1:]):
            tangents = [np.zeros_like(value) if j == i else None for j in range(len(values))]
            tangents[i][(slice(None), *place)] = 1
            moved = jvp(
                lambda *p: wk.warp(moving, rebuilt(transform, p), shape, **options), values, tangents
            )[1]
            columns.append(moved.reshape(moved.shape[0], -1))
    return np.stack(columns, axis=-1)


def by_linear_algebra(moving, fixed, transform, weights, options):
    """J^T W J, J^T W r, r^T W r from the definition."""
    moving = moving.astype("f8")  # whose warps are not rounded
    shape = fixed.shape[2:]
    jac = jacobian(moving, transform, shape, options)
    residual = (wk.warp(moving, transform, shape, **options) - fixed.astype("f8")).reshape(len(jac), -1)
    w = np.broadcast_to(weights[:, None].astype("f8"), (len(jac), fixed.shape[1], *shape)).reshape(
        len(jac), -1
    )
    weighted = jac * w[..., None]
    return (
        np.einsum("npi,npj->nij", weighted, jac),
        np.einsum("npi,np->ni", weighted, residual),
        (w * residual * residual).sum(axis=1),
    )


def assert_close(found, expected, rtol):
    """Relative to the largest element of each item."""
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == np.float64
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * np.abs(other).max(initial=0))


CASES = [
    ((40,), (30,), "f8", "linear", "border"),
    ((21, 18), (19, 23), "f8", "linear", "mirror"),
    ((21, 18), (17, 15), "f8", "cubic", "constant"),
    ((21, 18), (17, 40), "u1", "linear", "border"),
    ((21, 18), (70, 21), "f4", "cubic", "reflect"),
    ((9, 11, 10), (7, 8, 12), "f8", "linear", "constant"),
    ((9, 11, 10), (6, 6, 6), "i2", "cubic", "wrap"),
]


@pytest.mark.parametrize(("shape", "out_shape", "dtype", "kernel", "boundary"), CASES)
def test_against_the_jacobian(shape, out_shape, dtype, kernel, boundary):
    rng = np.random.default_rng(0)
    moving, fixed = smooth(rng, (2, 3, *shape), dtype), smooth(rng, (2, 3, *out_shape), dtype)
    weights = rng.uniform(0, 2, (2, *out_shape)) * rng.choice([0, 1], (2, *out_shape))
    options = {"kernel": kernel, "boundary": boundary, "fill_value": 7.0}
    for transform in transforms(rng, len(shape), 2):
        found = wk.warp_normal_equations(moving, fixed, transform, weights=weights, **options)
        expected = by_linear_algebra(moving, fixed, transform, weights, options)
        assert_close(found, expected, 1e-10 if dtype == "f8" else 2e-4)


@pytest.mark.parametrize("frame", ["normalized", "corners", "pixel"])
def test_every_frame(frame):
    rng = np.random.default_rng(1)
    moving, fixed = smooth(rng, (1, 1, 21, 18)), smooth(rng, (1, 1, 19, 23))
    for transform in transforms(rng, 2, 1, frame):
        found = wk.warp_normal_equations(moving, fixed, transform)
        assert_close(found, by_linear_algebra(moving, fixed, transform, np.ones((1, 19, 23)), {}), 1e-10)


@pytest.mark.parametrize("lengths", [(1, 3, 3), (3, 1, 1), (1, 3, 1), (1, 1, 3), (3, 3, 1)])
def test_batches_are_shared(lengths):
    """Of transforms, moving and fixed images; each item has the bits that it has alone."""
    rng = np.random.default_rng(2)
    n, moving_n, fixed_n = lengths
    moving, fixed = smooth(rng, (moving_n, 2, 12, 14)), smooth(rng, (fixed_n, 2, 13, 11))
    for transform in transforms(rng, 2, n):
        together = wk.warp_normal_equations(moving, fixed, transform)
        for i in range(3):
            parts = [x if len(x) == 1 else x[i : i + 1] for x in fields_of(transform).values()]
            images = (x if len(x) == 1 else x[i : i + 1] for x in (moving, fixed))
            alone = wk.warp_normal_equations(*images, rebuilt(transform, parts))
            for one, other in zip(together, alone, strict=True):
                np.testing.assert_allclose(
                    one[i : i + 1], other, rtol=1e-13, atol=1e-13 * np.abs(other).max()
                )
                if not isinstance(transform, wk.ThinPlateSpline):  # whose sums go through BLAS
                    np.testing.assert_array_equal(one[i : i + 1], other)


def test_layouts():
    """Images without channels or batch, and weights without a batch."""
    rng = np.random.default_rng(3)
    moving, fixed = smooth(rng, (1, 1, 12, 14)), smooth(rng, (1, 1, 12, 14))
    weights = rng.random((12, 14))
    transform = wk.Affine(np.eye(2, 3)[None] + 0.05)
    expected = wk.warp_normal_equations(moving, fixed, transform, weights=weights[None])
    for axes in (1, 2):
        images = (x.reshape(x.shape[axes:]) for x in (moving, fixed))
        found = wk.warp_normal_equations(*images, transform, weights=weights)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_symmetric_and_positive_semi_definite():
    rng = np.random.default_rng(4)
    for ndim, shape in ((2, (30, 40)), (3, (9, 12, 10))):
        moving, fixed = smooth(rng, (1, 2, *shape), "f4"), smooth(rng, (1, 2, *shape), "f4")
        for transform in transforms(rng, ndim, 2):
            matrix = wk.warp_normal_equations(moving, fixed, transform, weights=rng.random(shape)).matrix
            np.testing.assert_array_equal(matrix, matrix.transpose(0, 2, 1))
            values = np.linalg.eigvalsh(matrix)
            assert (values >= -1e-12 * values.max()).all()


def test_the_cost_and_its_gradient():
    """The vector is half the gradient that the tape finds."""
    rng = np.random.default_rng(5)
    moving, fixed = smooth(rng, (1, 2, 20, 22)), smooth(rng, (1, 2, 17, 19))
    weights = rng.random((1, 17, 19))
    for transform in transforms(rng, 2, 1):
        values = list(fields_of(transform).values())

        def cost(*parts, transform=transform):
            difference = wk.warp(moving, rebuilt(transform, parts), (17, 19)) - fixed
            return (difference * difference * weights[:, None]).sum()

        value, gradients = wk.value_and_grad(cost, tuple(range(len(values))))(*values)
        found = wk.warp_normal_equations(moving, fixed, transform, weights=weights)
        assert_close([found.cost], [np.array([value])], 1e-12)
        joined = np.concatenate([gradient.reshape(1, -1) for gradient in gradients], axis=1)
        assert_close([2 * found.vector], [joined], 1e-10)


def test_a_multiple_of_a_homography_is_the_same_map():
    rng = np.random.default_rng(6)
    moving, fixed = smooth(rng, (1, 1, 20, 22)), smooth(rng, (1, 1, 20, 22))
    theta = np.eye(3)[None] + rng.uniform(-0.05, 0.05, (1, 3, 3))
    matrix = wk.warp_normal_equations(moving, fixed, wk.Projective(theta)).matrix
    assert np.abs(matrix @ theta.reshape(9)).max() < 1e-10 * np.abs(matrix).max()


def test_what_lies_beyond_the_horizon():
    """Points that are infinitely far read the fill value, have no slope, and count in the cost."""
    rng = np.random.default_rng(7)
    moving, fixed = smooth(rng, (1, 1, 20, 22)), smooth(rng, (1, 1, 20, 22))
    theta = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [2.0, 0.3, 1.0]]])
    for boundary in ("constant", "border"):
        options = {"boundary": boundary, "fill_value": 3.0}
        found = wk.warp_normal_equations(moving, fixed, wk.Projective(theta), **options)
        weights = np.ones((1, 20, 22))
        assert np.isinf(wk.projective_grid(theta, (20, 22))).any()
        expected = by_linear_algebra(moving, fixed, wk.Projective(theta), weights, options)
        assert_close(found, expected, 1e-10)


def test_points_without_weight_do_not_count():
    rng = np.random.default_rng(8)
    moving, fixed = smooth(rng, (1, 2, 20, 22), "f4"), smooth(rng, (1, 2, 20, 22), "f4")
    mask = rng.random((20, 22)) < 0.7
    holes = np.where(mask, fixed, np.nan)
    for transform in transforms(rng, 2, 1):
        expected = wk.warp_normal_equations(moving, fixed, transform, weights=mask.astype("f8"))
        for found in (
            wk.warp_normal_equations(moving, holes, transform, weights=mask),
            wk.warp_normal_equations(moving, holes, transform, weights=mask.astype("f4")),
        ):
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_array_equal(one, other)
        assert np.isnan(wk.warp_normal_equations(moving, holes, transform).cost).all()


def test_a_nan_coordinate_makes_its_item_nan():
    rng = np.random.default_rng(9)
    moving, fixed = smooth(rng, (1, 1, 20, 22)), smooth(rng, (1, 1, 20, 22))
    theta = np.stack([np.eye(2, 3), np.full((2, 3), np.nan)])
    found = wk.warp_normal_equations(moving, fixed, wk.Affine(theta))
    for array in found:
        assert np.isfinite(array[0]).all()
        assert np.isnan(array[1]).all()
    nothing = wk.warp_normal_equations(moving, fixed, wk.Affine(theta), weights=np.zeros((20, 22)))
    assert not any(array.any() for array in nothing)


@pytest.mark.parametrize("ndim", [2, 3])
def test_gauss_newton_recovers_an_affine_map(ndim):
    rng = np.random.default_rng(10)
    axes = np.meshgrid(*[np.linspace(-1, 1, n) for n in (40, 48, 44)[:ndim]], indexing="ij")
    moving = sum(np.sin(3 * axis + i) for i, axis in enumerate(axes)) + axes[0] * axes[1]
    wanted = np.eye(ndim, ndim + 1)[None] + rng.uniform(-0.1, 0.1, (1, ndim, ndim + 1))
    options = {"kernel": "cubic", "boundary": "border"}
    fixed = wk.warp(moving, wk.Affine(wanted), **options)
    theta = np.eye(ndim, ndim + 1)[None]
    for _ in range(8):
        matrix, vector, cost = wk.warp_normal_equations(moving, fixed, wk.Affine(theta), **options)
        theta = theta - np.linalg.solve(matrix, vector[..., None])[..., 0].reshape(theta.shape)
    np.testing.assert_allclose(theta, wanted, atol=1e-9)
    assert cost.item() < 1e-12


def test_gauss_newton_on_a_rigid_motion():
    rng = np.random.default_rng(11)
    y, x = np.mgrid[:40, :48]
    moving = np.sin(x / 6) + np.cos(y / 7 + x / 20)
    motion = {"centre": (23.5, 19.5), "frame": "pixel"}
    wanted = wk.Rigid(np.array([0.1]), rng.uniform(-1, 1, (1, 2)), **motion)
    fixed = wk.warp(moving, wanted, kernel="cubic", boundary="border")
    guess = wk.Rigid.identity(2, frame="pixel")
    guess = wk.Rigid(guess.rotation, guess.translation, **motion)
    for _ in range(8):
        equations = wk.warp_normal_equations(moving, fixed, guess, kernel="cubic", boundary="border")
        step = -np.linalg.solve(equations.matrix, equations.vector[..., None])[..., 0]
        guess = wk.Rigid(guess.rotation + step[:, 0], guess.translation + step[:, 1:], **motion)
    np.testing.assert_allclose(guess.rotation, wanted.rotation, atol=1e-9)
    np.testing.assert_allclose(guess.translation, wanted.translation, atol=1e-8)


@pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)
def test_no_array_of_the_size_of_an_image():
    """NumPy tells its allocations to tracemalloc; the kernel's own are sums, and a tile."""
    rng = np.random.default_rng(12)
    moving = rng.standard_normal((1, 1, 600, 600)).astype("f4")
    weights = np.ones((600, 600), "f4")
    for transform in transforms(rng, 2, 1):
        wk.warp_normal_equations(moving, moving, transform, weights=weights)
        tracemalloc.start()
        wk.warp_normal_equations(moving, moving, transform, weights=weights)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 200_000, type(transform)


@pytest.mark.parametrize(
    "shapes", [((0, 1, 4, 5), (0, 1, 3, 3)), ((2, 0, 4, 5), (2, 0, 3, 3)), ((2, 1, 4, 5), (2, 1, 0, 3))]
)
def test_nothing_to_sum_up(shapes):
    moving, fixed = (np.ones(shape) for shape in shapes)
    n = moving.shape[0]
    for transform in transforms(np.random.default_rng(13), 2, 1):
        found = wk.warp_normal_equations(moving, fixed, transform)
        p = sum(x[0].size for x in fields_of(transform).values())
        assert [array.shape for array in found] == [(n, p, p), (n, p), (n,)]
        assert not any(array.any() for array in found)


def test_differentiable():
    """The cost's gradient through the equations is twice the vector, by the images too."""
    rng = np.random.default_rng(14)
    moving, fixed = smooth(rng, (1, 1, 10, 11)), smooth(rng, (1, 1, 8, 9))
    theta = np.eye(2, 3)[None] + rng.uniform(-0.05, 0.05, (1, 2, 3))

    def cost(theta, fixed):
        return wk.warp_normal_equations(moving, fixed, wk.Affine(theta)).cost.sum()

    _, (by_theta, by_fixed) = wk.value_and_grad(cost, (0, 1))(theta, fixed)
    expected = wk.warp_normal_equations(moving, fixed, wk.Affine(theta)).vector.reshape(theta.shape)
    np.testing.assert_allclose(by_theta, 2 * expected, rtol=1e-9)
    np.testing.assert_allclose(by_fixed, -2 * (wk.warp_affine(moving, theta, (8, 9)) - fixed), rtol=1e-9)


def test_differentiable_by_the_parameters_of_a_class():
    rng = np.random.default_rng(15)
    moving, fixed = smooth(rng, (1, 1, 10, 11)), smooth(rng, (1, 1, 8, 9))
    angle, shift = np.array([0.1]), np.array([[0.03, -0.02]])

    def total(angle, shift):
        found = wk.warp_normal_equations(moving, fixed, wk.Rigid(angle, shift))
        return found.matrix.sum() + found.vector.sum() + found.cost.sum()

    _, by_both = wk.value_and_grad(total, (0, 1))(angle, shift)
    for i, tangents in enumerate(((np.ones(1), None), (None, np.ones((1, 2))))):
        moved = [x if t is None else x + 1e-6 * t for x, t in zip((angle, shift), tangents, strict=True)]
        back = [x if t is None else x - 1e-6 * t for x, t in zip((angle, shift), tangents, strict=True)]
        slope = (total(*moved) - total(*back)) / 2e-6
        np.testing.assert_allclose(by_both[i].sum(), slope, rtol=1e-6)
        np.testing.assert_allclose(wk.autograd.jvp(total, (angle, shift), tangents)[1], slope, rtol=1e-6)


def test_weights_of_an_empty_image():
    found = wk.warp_normal_equations(IMAGE, IMAGE[:, :, :0], AFFINE, weights=np.ones((0, 5)))
    assert found.cost == 0.0


IMAGE, AFFINE = np.ones((1, 1, 4, 5)), wk.Affine(np.eye(2, 3)[None])
SPLINE = wk.ThinPlateSpline.random(np.random.default_rng(0), 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((np.ones(4), IMAGE, AFFINE), {}), r"moving: expected spatial axes \(H, W\).*given shape \(4,\)"),
        (
            ((IMAGE, np.ones((4, 5)), AFFINE), {}),
            r"fixed: expected as many axes as moving.*given shape \(4, 5\)",
        ),
        (((IMAGE, np.ones((1, 2, 4, 5)), AFFINE), {}), r"fixed: expected shape \(n, 1, \*out_shape\)"),
        (
            ((np.ones((2, 1, 4, 5)), np.ones((3, 1, 4, 5)), AFFINE), {}),
            r"fixed: expected a batch of 2, or of 1",
        ),
        (
            ((IMAGE, IMAGE, wk.Affine(np.ones((0, 2, 3)))), {"weights": np.ones((2, 4, 5))}),
            "theta: expected a batch",
        ),
        (
            ((IMAGE, IMAGE, AFFINE), {"weights": np.ones((5, 4))}),
            r"weights: expected shape \(4, 5\) or \(n, 4, 5\)",
        ),
        (
            ((IMAGE, IMAGE, AFFINE), {"weights": -np.ones((4, 5))}),
            "weights: expected finite numbers of at least 0, given -1",
        ),
        (
            ((IMAGE, IMAGE, AFFINE), {"weights": np.full((4, 5), np.nan)}),
            "weights: expected finite numbers of at least 0",
        ),
        (
            ((IMAGE, IMAGE, AFFINE), {"weights": np.full((4, 5), np.inf)}),
            "weights: expected finite numbers of at least 0, given inf",
        ),
        (((IMAGE, IMAGE, AFFINE), {"kernel": "quintic"}), "kernel: expected"),
        (((IMAGE, IMAGE, AFFINE), {"boundary": "zeros"}), "boundary: expected"),
        (((IMAGE[..., :0], IMAGE, AFFINE), {}), "moving: expected at least one pixel"),
        (
            ((IMAGE, IMAGE, wk.FailedEstimate("too few")), {}),
            "transform: expected a transform, given a failed",
        ),
        (((IMAGE, IMAGE, AFFINE @ SPLINE), {}), "transform: expected a ThinPlateSpline as it was built"),
    ],
)
def test_wrong_values(arguments, message):
    args, options = arguments
    with pytest.raises(ValueError, match=message):
        wk.warp_normal_equations(*args, **options)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            (IMAGE, IMAGE, np.eye(2, 3)),
            "transform: expected an affine map, a Projective or a ThinPlateSpline",
        ),
        ((IMAGE, IMAGE, wk.Displacement.identity((4, 5))), "transform: expected an affine map"),
        ((IMAGE.astype("i8"), IMAGE, AFFINE), "moving: expected one of float16.*given int64"),
        ((IMAGE, IMAGE.astype("i8"), AFFINE), "fixed: expected one of float16.*given int64"),
    ],
)
def test_wrong_types(args, message):
    with pytest.raises(TypeError, match=message):
        wk.warp_normal_equations(*args)


def test_every_affine_class_is_covered():
    """A class of affine maps that is added is tested here, too."""
    tested = {type(transform) for transform in transforms(np.random.default_rng(0), 2, 1)}
    assert set(AbstractAffine.__subclasses__()) <= tested
