"""The laws of transforms, for every class, dimension and frame, and drawn near the identity, too.

Which laws hold for a class is what the class declares.
"""

import dataclasses
import inspect

import numpy as np
import pytest

import warpkit.transforms
from warpkit.autograd import Variable, grad
from warpkit.grids import FRAMES, convert_points, identity_grid
from warpkit.transforms import (
    AbstractAffine,
    AbstractMatrix,
    AbstractTransform,
    Affine,
    Attention,
    Composed,
    Diffeomorphism,
    Displacement,
    FreeFormDeformation,
    NumericalInverse,
    Projective,
    Rigid,
    Similarity,
    ThinPlateSpline,
    Translation,
)

CLASSES = [
    Translation,
    Attention,
    Rigid,
    Similarity,
    Affine,
    Projective,
    ThinPlateSpline,
    Displacement,
    Diffeomorphism,
    FreeFormDeformation,
    Composed,
]
OF_PIXELS = (Displacement, Diffeomorphism)
SHAPE = (6, 6, 6)  # of the image that places are drawn in, and of the displacements

each_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
each_ndim = pytest.mark.parametrize("ndim", [2, 3])
each_frame = pytest.mark.parametrize("frame", FRAMES)
each_size = pytest.mark.parametrize("size", [1.0, 1e-6], ids=["moderate", "near_identity"])


def identity(cls, ndim, frame, n=1):
    if cls is ThinPlateSpline:
        points = identity_grid((3,) * ndim, "corners").reshape(-1, ndim)
        return cls.identity(points, frame=frame, n=n)
    if cls is FreeFormDeformation:  # the lattice of those that are drawn
        drawn = cls.random(np.random.default_rng(0), ndim, frame=frame, n=n)
        return dataclasses.replace(drawn, coefficients=0 * drawn.coefficients)
    return cls.identity(SHAPE[:ndim] if cls in OF_PIXELS else ndim, frame=frame, n=n)


def toward_identity(transform, size):
    """The transform with its parameters moved to within `size` of the identity's."""
    if isinstance(transform, Composed):
        return Composed(tuple(toward_identity(part, size) for part in transform.transforms))
    still = identity(type(transform), transform.ndim, transform.frame, transform.n)
    names = [
        field.name
        for field in dataclasses.fields(transform)
        if isinstance(getattr(transform, field.name), np.ndarray) and field.name != "control_points"
    ]
    moved = {
        name: getattr(still, name) + size * (getattr(transform, name) - getattr(still, name))
        for name in names
    }
    return dataclasses.replace(transform, **moved)


def draw(cls, rng, ndim, frame, n=1, size=1.0):
    transform = cls.random(rng, ndim, n=n, frame=frame)
    return transform if size == 1.0 else toward_identity(transform, size)


def places(rng, ndim, frame, n=1, m=7):
    """Points well inside of the image."""
    points = rng.uniform(-0.6, 0.6, (n, m, ndim))
    return convert_points(points, SHAPE[:ndim], "normalized", frame)


def assert_same_map(first, second, points, tolerance=1e-12):
    a, b = first(points), second(points)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(1.0, np.abs(b).max()))


def test_every_final_class_is_here():
    """A class that is added is tested by these laws, or this test says that it is not."""
    public = [thing for thing in vars(warpkit.transforms).values() if inspect.isclass(thing)]
    final = [x for x in public if issubclass(x, AbstractTransform) and not inspect.isabstract(x)]
    assert set(final) == {*CLASSES, NumericalInverse}


@pytest.mark.parametrize("cls", [*CLASSES, NumericalInverse], ids=lambda cls: cls.__name__)
def test_abstract_or_final(cls):
    assert cls.__final__
    assert inspect.isabstract(AbstractTransform)
    assert inspect.isabstract(AbstractMatrix)
    assert inspect.isabstract(AbstractAffine)
    assert dataclasses.is_dataclass(cls)
    assert cls.__eq__ is object.__eq__
    assert hasattr(cls, "from_points") == cls.estimable


@each_class
@each_ndim
@each_frame
def test_identity(cls, ndim, frame):
    transform = identity(cls, ndim, frame, n=2)
    points = places(np.random.default_rng(0), ndim, frame)
    np.testing.assert_array_equal(transform(points), np.broadcast_to(points, (2, *points.shape[1:])))
    assert (transform.n, transform.ndim, transform.frame) == (2, ndim, frame)
    np.testing.assert_array_equal(transform.grid(SHAPE[:ndim])[1], identity_grid(SHAPE[:ndim], frame)[0])


@each_class
@each_ndim
@each_frame
@each_size
def test_composition(cls, ndim, frame, size):
    rng = np.random.default_rng(1)
    outer, inner = (draw(cls, rng, ndim, frame, n=2, size=size) for _ in range(2))
    product = outer @ inner
    if cls.closed_under_composition:
        assert type(product) is cls
    points = places(rng, ndim, frame)
    assert_same_map(product, lambda p: outer(inner(p)), points)


@each_class
@each_ndim
@each_frame
@each_size
def test_associativity(cls, ndim, frame, size):
    rng = np.random.default_rng(2)
    a, b, c = (draw(cls, rng, ndim, frame, size=size) for _ in range(3))
    assert_same_map((a @ b) @ c, a @ (b @ c), places(rng, ndim, frame))


@pytest.mark.parametrize("outer", CLASSES, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("inner", CLASSES, ids=lambda cls: cls.__name__)
@each_ndim
def test_composition_of_different_classes(outer, inner, ndim):
    rng = np.random.default_rng(3)
    a, b = draw(outer, rng, ndim, "normalized", n=2), draw(inner, rng, ndim, "normalized")
    assert_same_map(a @ b, lambda p: a(b(p)), places(rng, ndim, "normalized"))
    assert (a @ b).n == 2


@each_class
@each_ndim
@each_frame
@each_size
def test_inverse(cls, ndim, frame, size):
    rng = np.random.default_rng(4)
    transform = draw(cls, rng, ndim, frame, n=2, size=size)
    points = places(rng, ndim, frame)
    tolerance = 1e-12 if cls.closed_form_inverse else 1e-8
    if cls is Diffeomorphism:  # tests/transforms/test_diffeomorphism.py says how this error shrinks
        tolerance = max(1e-8, 0.02 * size)
    back = transform.inverse()
    assert_same_map(
        lambda p: back(transform(p)), lambda p: np.broadcast_to(p, (2, *p.shape[1:])), points, tolerance
    )
    assert_same_map(
        lambda p: transform(back(p)), lambda p: np.broadcast_to(p, (2, *p.shape[1:])), points, tolerance
    )
    assert_same_map(back.inverse(), transform, points, tolerance)
    if cls.closed_form_inverse:
        assert type(back) is cls


@each_class
@each_ndim
@each_frame
def test_identity_is_neutral(cls, ndim, frame):
    rng = np.random.default_rng(5)
    transform, still = draw(cls, rng, ndim, frame), identity(cls, ndim, frame)
    points = places(rng, ndim, frame)
    assert_same_map(transform @ still, transform, points)
    assert_same_map(still @ transform, transform, points)


@each_class
@each_ndim
def test_batch(cls, ndim):
    """Each element of a batch is what it is alone; points of one batch are shared by all maps."""
    rng = np.random.default_rng(6)
    transforms = [draw(cls, rng, ndim, "normalized") for _ in range(3)]

    def stacked(parts):
        if isinstance(parts[0], Composed):
            return Composed(tuple(stacked(list(x)) for x in zip(*(p.transforms for p in parts), strict=True)))
        arrays = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in dataclasses.fields(parts[0])
            if isinstance(getattr(parts[0], field.name), np.ndarray) and field.name != "control_points"
        }
        return dataclasses.replace(parts[0], **arrays)

    batch = stacked(transforms)
    shared, own = places(rng, ndim, "normalized"), places(rng, ndim, "normalized", n=3)
    assert batch.n == 3
    for i, alone in enumerate(transforms):
        np.testing.assert_allclose(batch(shared)[i], alone(shared)[0], rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(batch(shared[0])[i], alone(shared[0])[0], rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(batch(own)[i], alone(own[i])[0], rtol=1e-13, atol=1e-14)
    assert transforms[0](own).shape == own.shape
    with pytest.raises(ValueError, match="batch of"):
        batch(places(rng, ndim, "normalized", n=2))
    assert batch(shared[:, :0]).shape == (3, 0, ndim)


@each_class
@each_ndim
def test_empty_batch(cls, ndim):
    rng = np.random.default_rng(7)
    transform = draw(cls, rng, ndim, "normalized", n=0)
    assert transform.n == 0
    assert transform(places(rng, ndim, "normalized")).shape == (0, 7, ndim)
    assert transform.grid((3, 4, 2)[:ndim]).shape == (0, *(3, 4, 2)[:ndim], ndim)
    assert transform.inverse()(places(rng, ndim, "normalized")).shape == (0, 7, ndim)


@each_class
@each_ndim
@each_frame
def test_grid_is_the_map_of_pixel_centres(cls, ndim, frame):
    rng = np.random.default_rng(8)
    transform = draw(cls, rng, ndim, frame, n=2)
    for shape in [SHAPE[:ndim], (3, 5, 4)[:ndim]]:
        grid = transform.grid(shape)
        points = identity_grid(shape, frame).reshape(-1, ndim)
        assert grid.shape == (2, *shape, ndim)
        np.testing.assert_allclose(grid.reshape(2, -1, ndim), transform(points), rtol=1e-12, atol=1e-12)


@each_class
@each_ndim
@each_frame
@pytest.mark.parametrize("target", FRAMES)
@pytest.mark.parametrize("in_shape", [(6, 6, 6), (4, 7, 5)], ids=["same", "other"])
def test_to_frame(cls, ndim, frame, target, in_shape):
    """Mapping in the new frame is converting, mapping, converting back."""
    rng = np.random.default_rng(9)
    in_shape, out_shape = in_shape[:ndim], SHAPE[:ndim]
    transform = draw(cls, rng, ndim, frame, n=2)
    moved = transform.to_frame(target, in_shape, out_shape)
    assert moved.frame == target
    if cls in OF_PIXELS and in_shape != out_shape:
        points = identity_grid(out_shape, target).reshape(1, -1, ndim)  # between, it is an interpolation
    else:
        points = places(rng, ndim, target)

    def expected(p):
        return convert_points(transform(convert_points(p, out_shape, target, frame)), in_shape, frame, target)

    assert_same_map(moved, expected, points, 1e-11)
    assert_same_map(moved.to_frame(frame, in_shape, out_shape), transform, places(rng, ndim, frame), 1e-11)


@each_class
@each_ndim
def test_differentiability(cls, ndim):
    """Every field and the points, against central differences; each Variable stays on the tape."""
    rng = np.random.default_rng(10)
    transform, points = draw(cls, rng, ndim, "normalized", n=2), places(rng, ndim, "normalized")
    direction = rng.standard_normal((2, 7, ndim))

    def check(value_of, start):
        variable = Variable(start)
        (ct,) = grad((value_of(variable) * direction).sum(), [variable])
        v = rng.standard_normal(start.shape)
        step = 1e-6
        difference = ((value_of(start + step * v) - value_of(start - step * v)) * direction).sum() / (
            2 * step
        )
        size = np.abs(ct * v).sum()
        assert abs((ct * v).sum() - difference) <= 1e-7 * size

    check(transform, points)
    parts = transform.transforms if isinstance(transform, Composed) else (transform,)
    for i, part in enumerate(parts):
        for field in dataclasses.fields(part):
            start = getattr(part, field.name)
            if not isinstance(start, np.ndarray):
                continue

            def value_of(x, i=i, part=part, name=field.name):
                new = dataclasses.replace(part, **{name: x})
                whole = Composed((*parts[:i], new, *parts[i + 1 :])) if len(parts) > 1 else new
                return whole(points)

            check(value_of, start)


@pytest.mark.parametrize("cls", [Rigid, Similarity], ids=lambda cls: cls.__name__)
@each_ndim
@pytest.mark.parametrize("size", [0.0, 1e-9, 1e-4, 0.03, 0.04])
def test_second_derivative_of_rotations(cls, ndim, size):
    """At no rotation, and on both sides of where the series takes over."""
    rng = np.random.default_rng(11)
    base = cls.identity(ndim)
    axis = rng.standard_normal(base.rotation.shape)
    start = size * axis / np.linalg.norm(axis)
    points, u, v = rng.standard_normal((5, ndim)), *rng.standard_normal((2, *start.shape))

    def slope(rotation):
        variable = rotation if isinstance(rotation, Variable) else Variable(rotation)
        value = (dataclasses.replace(base, rotation=variable)(points) * np.arange(1.0, 6.0)[:, None]).sum()
        return grad(value, [variable], create_graph=True)[0]

    variable = Variable(start)
    (second,) = grad((slope(variable) * u).sum(), [variable])
    step = 1e-5
    plus, minus = (slope(start + sign * step * v) for sign in (1, -1))
    difference = ((plus.data - minus.data) * u).sum() / (2 * step)
    assert abs((second * v).sum() - difference) <= 1e-8 * np.abs(second).sum()


@each_class
def test_wrong_points(cls):
    transform = draw(cls, np.random.default_rng(12), 2, "normalized")
    with pytest.raises(ValueError, match=r"points: expected shape \(n, m, 2\) or \(m, 2\)"):
        transform(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="points: expected shape"):
        transform(np.zeros(2))
    with pytest.raises(TypeError, match="points: expected real numbers"):
        transform(np.array([[object(), 1]]))
    np.testing.assert_array_equal(transform([[0, 0]]), transform(np.zeros((1, 1, 2))))


@each_class
def test_frames_do_not_mix(cls):
    rng = np.random.default_rng(13)
    a, b = draw(cls, rng, 2, "normalized"), draw(cls, rng, 2, "pixel")
    with pytest.raises(ValueError, match=r"'normalized' and 'pixel'; convert one with to_frame"):
        a @ b
    with pytest.raises(ValueError, match="given 2 and 3"):
        a @ draw(cls, rng, 3, "normalized")
    with pytest.raises(ValueError, match="batch of"):
        draw(cls, rng, 2, "pixel", n=2) @ draw(cls, rng, 2, "pixel", n=3)
    with pytest.raises(TypeError):
        a @ np.eye(3)


@each_class
def test_bad_frames(cls):
    rng = np.random.default_rng(14)
    transform = draw(cls, rng, 2, "normalized")
    with pytest.raises(ValueError, match="frame: expected one of 'normalized', 'corners', 'pixel', 'world'"):
        transform.to_frame("voxel", (4, 4), (4, 4))
    with pytest.raises(TypeError, match="in_space: expected a Geometry"):
        transform.to_frame("world", (4, 4), (4, 4))
    with pytest.raises(
        ValueError, match="in_space: expected at least 2 pixels along axis 0 in frame 'corners'"
    ):
        transform.to_frame("corners", (1, 4), (4, 4))
    with pytest.raises(ValueError, match="out_space: expected at least 2 pixels along axis 1"):
        transform.to_frame("corners", (4, 4), (4, 1))
    with pytest.raises(ValueError, match="in_space: expected 2 lengths"):
        transform.to_frame("pixel", (4, 4, 4))
    with pytest.raises(ValueError, match="frame: expected one of"):
        cls.random(rng, 2, frame="voxel")


@each_class
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(cls, dtype):
    """Points of the fields' dtype are mapped to points of that dtype."""

    def narrowed(transform):
        if isinstance(transform, Composed):
            return Composed(tuple(narrowed(part) for part in transform.transforms))
        arrays = {
            field.name: getattr(transform, field.name).astype(dtype)
            for field in dataclasses.fields(transform)
            if isinstance(getattr(transform, field.name), np.ndarray)
        }
        return dataclasses.replace(transform, **arrays)

    rng = np.random.default_rng(15)
    wide = draw(cls, rng, 2, "normalized")
    transform, points = narrowed(wide), places(rng, 2, "normalized").astype(dtype)
    out = transform(points)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, wide(points), rtol=0, atol=10 * np.finfo(dtype).eps)
    assert transform.inverse()(points).dtype == dtype
    assert transform.grid((3, 4)).dtype == dtype
    assert transform.to_frame("pixel", SHAPE[:2], SHAPE[:2])(points).dtype == dtype
