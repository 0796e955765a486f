"""Errors are distances in the moving image, in the units that were asked for."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.registration import relative_target_registration_error, target_registration_error


def landmarks(transform, seed=0, count=40):
    """Points of both images, and how far each was moved from its place."""
    rng = np.random.default_rng(seed)
    fixed = rng.uniform(0, 100, (count, transform.ndim))
    offsets = rng.standard_normal(fixed.shape)
    return fixed, transform(fixed)[0] + offsets, offsets


def transforms(frame):
    rng = np.random.default_rng(1)
    for ndim in (2, 3):
        yield wk.Rigid.random(rng, ndim, frame=frame)
        yield wk.Affine.random(rng, ndim, frame=frame)


@pytest.mark.parametrize("frame", ["pixel", "world"])
def test_distances(frame):
    for transform in transforms(frame):
        fixed, moving, offsets = landmarks(transform)
        errors = target_registration_error(transform, fixed, moving)
        np.testing.assert_allclose(errors, np.linalg.norm(offsets, axis=1), rtol=1e-9)


def test_they_are_measured_in_the_moving_image():
    """Not in the fixed one, where a map that enlarges would make them smaller."""
    double = wk.Similarity(np.array([2.0]), np.zeros(1), np.zeros((1, 2)), frame="pixel")
    assert target_registration_error(double, [[3.0, 4.0]], [[0.0, 0.0]]) == pytest.approx(10)
    assert target_registration_error(double.inverse(), [[0.0, 0.0]], [[3.0, 4.0]]) == pytest.approx(5)


def test_spacing_is_ordered_like_points():
    still = wk.Translation.identity(3, frame="pixel")
    errors = target_registration_error(still, np.zeros((3, 3)), np.eye(3), spacing=(0.5, 2.0, 3.0))
    np.testing.assert_array_equal(errors, [0.5, 2.0, 3.0])


def test_pixels_with_a_spacing_are_the_world():
    """The same errors, whether the map is of pixels or of the world."""
    fixed_space = wk.Geometry((20, 30, 40), (0.7, 0.8, 2.5), (3.0, -4.0, 5.0))
    moving_space = wk.Geometry((25, 30, 35), (1.0, 0.9, 2.0), direction=((0, 1, 0), (-1, 0, 0), (0, 0, 1)))
    world = wk.Rigid.random(np.random.default_rng(2), 3, frame="world")
    pixel = world.to_frame("pixel", moving_space, fixed_space)
    fixed, moving, _ = landmarks(world)

    def pixels(points, space):
        inverse = np.linalg.inv(space.matrix)
        return points @ inverse[:3, :3].T + inverse[:3, 3]

    np.testing.assert_allclose(
        target_registration_error(world, fixed, moving),
        target_registration_error(
            pixel, pixels(fixed, fixed_space), pixels(moving, moving_space), spacing=moving_space.spacing
        ),
    )


def test_relative_errors():
    """The diagonal has the fixed image's extent; pixels of 2 mm are no other share of it than pixels of 1."""
    still, world = (wk.Translation.identity(2, frame=frame) for frame in ("pixel", "world"))
    fixed, moving, offsets = landmarks(still)
    shares = relative_target_registration_error(still, fixed, moving, (300, 400))
    np.testing.assert_allclose(shares, np.linalg.norm(offsets, axis=1) / 500)
    geometry = wk.Geometry((300, 400), (2.0, 2.0))
    np.testing.assert_allclose(
        relative_target_registration_error(world, 2 * fixed, 2 * moving, geometry), shares
    )
    oblong = wk.Geometry((300, 400), (4.0, 3.0))
    expected = np.linalg.norm(offsets, axis=1) / np.hypot(900, 1600)
    np.testing.assert_allclose(relative_target_registration_error(world, fixed, moving, oblong), expected)


def test_numbers_of_any_kind():
    still = wk.Translation.identity(2, frame="pixel", dtype=np.float32)
    errors = target_registration_error(still, np.array([[2**30 + 1, 0]]), np.array([[2**30, 0]]))
    np.testing.assert_array_equal(errors, [1.0])
    assert target_registration_error(still, np.zeros((0, 2)), np.zeros((0, 2))).shape == (0,)
    errors = target_registration_error(still, [[np.nan, 0.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(errors, [np.nan, 1.0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"transform": np.eye(3)}, TypeError, "transform: expected a transform"),
        ({"transform": wk.Translation.identity(2)}, ValueError, 'frame "pixel" or "world"'),
        ({"transform": wk.Translation.identity(2, frame="pixel", n=2)}, ValueError, "one transform"),
        ({"fixed_points": np.zeros((5, 3))}, ValueError, r"fixed_points: expected shape \(m, 2\)"),
        ({"moving_points": np.zeros((4, 2))}, ValueError, r"moving_points: expected shape \(5, 2\)"),
        ({"spacing": (1.0,)}, ValueError, "spacing: expected 2 lengths above 0"),
        ({"spacing": (1.0, 0.0)}, ValueError, "spacing: expected 2 lengths above 0"),
        (
            {"spacing": (1.0, 1.0), "transform": wk.Translation.identity(2, frame="world")},
            ValueError,
            "spacing: expected none",
        ),
    ],
)
def test_wrong_arguments(arguments, error, message):
    usual = {
        "transform": wk.Translation.identity(2, frame="pixel"),
        "fixed_points": np.zeros((5, 2)),
        "moving_points": np.zeros((5, 2)),
    }
    with pytest.raises(error, match=message):
        target_registration_error(**{**usual, **arguments})


@pytest.mark.parametrize(
    ("frame", "space", "error"),
    [
        ("world", (30, 40), TypeError),
        ("pixel", wk.Geometry((30, 40)), TypeError),
        ("pixel", (30, 40, 50), ValueError),
    ],
)
def test_wrong_spaces(frame, space, error):
    still = wk.Translation.identity(2, frame=frame)
    with pytest.raises(error, match="fixed_space"):
        relative_target_registration_error(still, np.zeros((5, 2)), np.zeros((5, 2)), space)
