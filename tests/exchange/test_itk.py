"""SimpleITK's transforms, against SimpleITK."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import warpkit as wk

from .maps import AFFINE_CLASSES, MATRIX_CLASSES, SEEDS, geometry, interior, smooth

sitk = pytest.importorskip("SimpleITK", reason="compares with SimpleITK")
IN, OUT = {2: (40, 44), 3: (13, 14, 15)}, {2: (37, 45), 3: (12, 15, 16)}


def turn(rng):
    """An axis and an angle."""
    return tuple(rng.standard_normal(3)), rng.uniform(-3, 3)


def shift(rng, ndim):
    return tuple(rng.uniform(-5, 5, ndim))


def matrix(rng, ndim):
    return tuple((np.eye(ndim) + rng.uniform(-0.3, 0.3, (ndim, ndim))).ravel())


def _identity(rng, ndim):
    return sitk.Transform(ndim, sitk.sitkIdentity)


def _euler_3d(rng):
    made = sitk.Euler3DTransform(shift(rng, 3), *rng.uniform(-1, 1, 3), shift(rng, 3))
    made.SetComputeZYX(bool(rng.integers(2)))
    return made


# How to draw each, and the class that it becomes.
KINDS = {
    "identity2": (lambda rng: _identity(rng, 2), wk.Translation),
    "identity3": (lambda rng: _identity(rng, 3), wk.Translation),
    "translation2": (lambda rng: sitk.TranslationTransform(2, shift(rng, 2)), wk.Translation),
    "translation3": (lambda rng: sitk.TranslationTransform(3, shift(rng, 3)), wk.Translation),
    "euler2": (lambda rng: sitk.Euler2DTransform(shift(rng, 2), rng.uniform(-3, 3), shift(rng, 2)), wk.Rigid),
    "euler3": (_euler_3d, wk.Rigid),
    "versor": (lambda rng: sitk.VersorTransform(*turn(rng), shift(rng, 3)), wk.Rigid),
    "versor_rigid": (
        lambda rng: sitk.VersorRigid3DTransform(*turn(rng), shift(rng, 3), shift(rng, 3)),
        wk.Rigid,
    ),
    "similarity2": (
        lambda rng: sitk.Similarity2DTransform(
            rng.uniform(0.5, 2), rng.uniform(-3, 3), shift(rng, 2), shift(rng, 2)
        ),
        wk.Similarity,
    ),
    "similarity3": (
        lambda rng: sitk.Similarity3DTransform(rng.uniform(0.5, 2), *turn(rng), shift(rng, 3), shift(rng, 3)),
        wk.Similarity,
    ),
    "scale2": (lambda rng: _centred(sitk.ScaleTransform(2, tuple(rng.uniform(0.5, 2, 2))), rng), wk.Affine),
    "scale3": (lambda rng: _centred(sitk.ScaleTransform(3, tuple(rng.uniform(0.5, 2, 3))), rng), wk.Affine),
    "affine2": (lambda rng: sitk.AffineTransform(matrix(rng, 2), shift(rng, 2), shift(rng, 2)), wk.Affine),
    "affine3": (lambda rng: sitk.AffineTransform(matrix(rng, 3), shift(rng, 3), shift(rng, 3)), wk.Affine),
}


def _centred(transform, rng):
    transform.SetCenter(shift(rng, transform.GetDimension()))
    return transform


def mapped(transform, points):
    return np.array([transform.TransformPoint(tuple(point)) for point in points.tolist()])


def places(ndim, seed):
    return np.random.default_rng(seed).uniform(-20, 20, (8, ndim))


@pytest.mark.parametrize("name", KINDS)
@given(seed=SEEDS)
def test_points_go_where_itk_takes_them(name, seed):
    make, kind = KINDS[name]
    theirs = make(np.random.default_rng(seed))
    points = places(theirs.GetDimension(), seed)
    found = wk.from_itk(theirs)
    assert type(found) is kind
    assert found.frame == "world"
    np.testing.assert_allclose(found(points)[0], mapped(theirs, points), rtol=0, atol=1e-11)
    # and there again
    again = wk.to_itk(found)
    np.testing.assert_allclose(mapped(again, points), mapped(theirs, points), rtol=0, atol=1e-11)
    same = type(again) is type(theirs) and name != "versor"
    if same and hasattr(theirs, "GetCenter") and kind is not wk.Affine:
        np.testing.assert_array_equal(again.GetCenter(), theirs.GetCenter())


@given(kind=st.sampled_from(AFFINE_CLASSES), ndim=st.integers(2, 3), seed=SEEDS)
def test_itk_takes_points_where_warpkit_does(kind, ndim, seed):
    transform = kind.random(np.random.default_rng(seed), ndim, frame="world")
    theirs, points = wk.to_itk(transform), places(ndim, seed)
    np.testing.assert_allclose(mapped(theirs, points), transform(points)[0], rtol=0, atol=1e-12)
    again = wk.from_itk(theirs)
    assert type(again) is {wk.Attention: wk.Similarity}.get(kind, kind)
    np.testing.assert_allclose(again(points), transform(points), rtol=0, atol=1e-12)


@given(
    names=st.lists(st.sampled_from([k for k in KINDS if k.endswith("2")]), min_size=1, max_size=4), seed=SEEDS
)
def test_composites(names, seed):
    """What was added last is applied first; a composite within one counts as its parts."""
    rng = np.random.default_rng(seed)
    parts = [KINDS[name][0](rng) for name in names]
    theirs = sitk.CompositeTransform([sitk.CompositeTransform(parts), KINDS["affine2"][0](rng)])
    points = places(2, seed)
    np.testing.assert_allclose(wk.from_itk(theirs)(points)[0], mapped(theirs, points), rtol=0, atol=1e-10)


def test_a_composite_is_of_the_simplest_class():
    rng = np.random.default_rng(0)
    theirs = sitk.CompositeTransform([KINDS["translation3"][0](rng), KINDS["euler3"][0](rng)])
    assert type(wk.from_itk(theirs)) is wk.Rigid


def resampled(moving, in_space, out_space, transform):
    """By SimpleITK, linearly."""
    reference = wk.image_to_itk(np.zeros(out_space.shape), out_space)
    out = sitk.Resample(wk.image_to_itk(moving, in_space), reference, transform, sitk.sitkLinear, 0.0)
    return sitk.GetArrayFromImage(out)


@given(kind=st.sampled_from(AFFINE_CLASSES), ndim=st.integers(2, 3), seed=SEEDS)
def test_images_are_resampled_as_itk_does(kind, ndim, seed):
    """Between oblique images of different spacing, mirrored or not."""
    transform = kind.random(np.random.default_rng(seed), ndim, frame="world")
    in_space, out_space = geometry(IN[ndim], seed), geometry(OUT[ndim], seed + 1)
    moving = smooth(in_space.shape)
    pixels = transform.to_frame("pixel", in_space, out_space)
    theirs = resampled(moving, in_space, out_space, wk.to_itk(transform))
    inside = interior(pixels, in_space.shape, out_space.shape)
    assert inside.any()
    np.testing.assert_allclose(wk.warp(moving, pixels, out_space.shape)[inside], theirs[inside], atol=1e-9)


def field_of(space, seed):
    """A smooth field of displacements of up to 3 mm as an ITK transform."""
    vectors = np.stack([3 * smooth(space.shape, seed + axis) for axis in range(space.ndim)])
    image = sitk.Cast(wk.image_to_itk(vectors, space), sitk.sitkVectorFloat64)
    return sitk.DisplacementFieldTransform(image)


@given(ndim=st.integers(2, 3), seed=st.integers(0, 1000))
def test_displacement_fields(ndim, seed):
    in_space, out_space = geometry(IN[ndim], seed), geometry(OUT[ndim], seed + 1)
    theirs = field_of(out_space, seed)
    found = wk.displacement_from_itk(theirs, in_space, out_space)
    moving = smooth(in_space.shape, seed)
    inside = interior(found, in_space.shape, out_space.shape)
    expected = resampled(moving, in_space, out_space, theirs)
    np.testing.assert_allclose(wk.warp(moving, found)[inside], expected[inside], atol=1e-9)
    again = wk.displacement_to_itk(found, in_space, out_space)
    np.testing.assert_allclose(resampled(moving, in_space, out_space, again), expected, atol=1e-9)


def test_splines_of_itk():
    space = geometry(OUT[2], 3)
    theirs = sitk.BSplineTransformInitializer(wk.image_to_itk(np.zeros(space.shape), space), [3, 3])
    theirs.SetParameters(np.random.default_rng(4).uniform(-3, 3, len(theirs.GetParameters())).tolist())
    found = wk.displacement_from_itk(theirs, space, space)
    moving = smooth(space.shape)
    inside = interior(found, space.shape, space.shape)
    expected = resampled(moving, space, space, theirs)
    np.testing.assert_allclose(wk.warp(moving, found)[inside], expected[inside], atol=1e-9)
    with pytest.raises(ValueError, match="given BSplineTransform; displacement_from_itk takes any"):
        wk.from_itk(theirs)


@pytest.mark.parametrize("kind", [*MATRIX_CLASSES, wk.ThinPlateSpline, wk.Composed])
def test_any_transform_as_a_field(kind):
    """It is at pixel centres what the transform is."""
    in_space, out_space = geometry(IN[2], 5), geometry(OUT[2], 6)
    transform = kind.random(np.random.default_rng(7), 2)
    theirs = wk.displacement_to_itk(transform, in_space, out_space)
    pixel = (11.0, 20.0)
    place = (out_space.matrix @ [*pixel, 1.0])[:2]
    there = transform.to_frame("pixel", in_space, out_space).grid(out_space.shape)[0, 20, 11]
    np.testing.assert_allclose(
        theirs.TransformPoint(tuple(place)), (in_space.matrix @ [*there, 1.0])[:2], atol=1e-9
    )


def test_maps_of_the_world_as_a_field():
    space = geometry(OUT[3], 8)
    transform = wk.Rigid.random(np.random.default_rng(9), 3, frame="world")
    theirs = wk.displacement_to_itk(transform, space, space)
    place = (space.matrix @ [4.0, 5.0, 6.0, 1.0])[:3]
    np.testing.assert_allclose(theirs.TransformPoint(tuple(place)), transform(place[None])[0, 0], atol=1e-9)


def test_wrong_arguments():
    space = wk.Geometry((4, 5))
    with pytest.raises(TypeError, match="transform: expected a transform of SimpleITK"):
        wk.from_itk(np.eye(3))
    with pytest.raises(ValueError, match="at least one transform, given a composite of none"):
        wk.from_itk(sitk.CompositeTransform(2))
    with pytest.raises(TypeError, match="in_space: expected a Geometry"):
        wk.displacement_from_itk(sitk.TranslationTransform(2), (4, 5), space)
    with pytest.raises(ValueError, match="out_space: expected 3 dimensions, as of the transform, given 2"):
        wk.displacement_from_itk(sitk.TranslationTransform(3), wk.Geometry((4, 5, 6)), space)
    horizon = wk.Projective(np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.5, 0.0, 1.0]]]), frame="pixel")
    with pytest.raises(ValueError, match="expected a place for every pixel"):
        wk.displacement_to_itk(horizon, space, space)
    with pytest.raises(ValueError, match="a batch of 1, given a batch of 2"):
        wk.displacement_to_itk(wk.Affine.identity(2, n=2), space, space)
