"""Errors name the argument, what was expected and what was given."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.registration import register
from warpkit.registration._arguments import make_pair

IMAGE = np.random.default_rng(0).random((40, 50))
ZEROS, VOLUME = 0 * IMAGE, np.stack([IMAGE] * 30)
NAN = np.where(np.arange(50) == 7, np.nan, IMAGE)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((IMAGE, IMAGE), {"transform": "shear"}, "transform: expected"),
        ((IMAGE, IMAGE), {"metric": "mse"}, "metric: expected"),
        ((IMAGE, IMAGE), {"init": "luck"}, "init: expected"),
        ((IMAGE, IMAGE), {"tolerance": 0.0}, "tolerance: expected a number of pixels above 0"),
        ((IMAGE, IMAGE), {"max_iterations": 0}, "max_iterations: expected"),
        ((IMAGE, IMAGE[None]), {}, "moving: expected as many axes as fixed"),
        ((IMAGE[:, :, None].repeat(3, 2),) * 2, {}, "fixed: expected channels first, and ndim=2"),
        ((IMAGE, IMAGE), {"ndim": 3}, "fixed: expected two or three spatial axes"),
        ((IMAGE, IMAGE), {"ndim": 2.0}, "ndim: expected 2 or 3, given 2.0"),
        ((IMAGE[:, :, None].repeat(3, 2),) * 2, {"ndim": 2}, "fixed: expected channels first"),
        ((IMAGE, IMAGE), {"tolerance": "0.1"}, "tolerance: expected a number of pixels above 0, given '0.1'"),
        ((IMAGE, IMAGE), {"max_iterations": 5.0}, "max_iterations: expected a whole number"),
        ((IMAGE, IMAGE), {"metric": np.eye(2)}, "metric: expected one of"),
        (
            (np.stack([IMAGE, 0 * IMAGE]), np.stack([0 * IMAGE, IMAGE])),
            {"ndim": 2},
            "a channel that varies in both",
        ),
        (
            (np.stack([IMAGE] * 30), np.stack([IMAGE] * 30)),
            {"init": "features"},
            "init: expected a way to start in 3D",
        ),
        ((np.stack([IMAGE] * 3), np.stack([IMAGE] * 2)), {"ndim": 2}, "moving: expected 3 channels"),
        ((IMAGE[:0], IMAGE), {}, "fixed: expected at least one pixel"),
        ((IMAGE, NAN), {}, "moving: expected finite pixels"),
        ((0 * IMAGE + 3, IMAGE), {}, "fixed: expected an image that is not constant, given 3.0 everywhere"),
        ((IMAGE, IMAGE), {"fixed_mask": np.ones((3, 3))}, r"fixed_mask: expected shape \(40, 50\)"),
        ((IMAGE, IMAGE), {"moving_mask": np.zeros((40, 50))}, "moving_mask: expected weights"),
        ((IMAGE, IMAGE), {"moving_mask": -np.ones((40, 50))}, "moving_mask: expected weights"),
        (
            (IMAGE, IMAGE),
            {"init": wk.Affine.identity(2)},
            'init: expected one transform in 2D in the frame "pixel"',
        ),
        (
            (IMAGE, IMAGE),
            {"init": wk.Affine.identity(3, frame="pixel")},
            "init: expected one transform in 2D",
        ),
        (
            (IMAGE, IMAGE),
            {"init": wk.Rigid(np.array([0.1]), np.zeros((1, 2)), frame="pixel"), "transform": "translation"},
            'init: expected a start of the kind "translation", given Rigid beyond it',
        ),
        ((IMAGE, IMAGE, "affine"), {"control_points": 5}, "control_points: expected a transform that has it"),
        (
            (IMAGE, IMAGE, "tps"),
            {"optimizer": "adam"},
            "optimizer: expected a transform that has it: bspline",
        ),
        ((IMAGE, IMAGE, "tps"), {"control_points": 1}, "control_points: expected a whole number of at least"),
        ((IMAGE, IMAGE, "bspline"), {"control_points": 4.5}, "control_points: expected a whole number"),
        ((IMAGE, IMAGE, "bspline"), {"smoothness": -1.0}, "smoothness: expected a number of at least 0"),
        ((IMAGE, IMAGE, "bspline"), {"optimizer": "sgd"}, "optimizer: expected one of 'lbfgs', 'adam'"),
        ((IMAGE, IMAGE), {"fixed_geometry": wk.Geometry((40, 50))}, "moving_geometry: expected one for each"),
        (
            (IMAGE, IMAGE),
            {"fixed_geometry": wk.Geometry((50, 40)), "moving_geometry": wk.Geometry((40, 50))},
            r"fixed_geometry: expected one of shape \(40, 50\)",
        ),
        (
            (IMAGE, IMAGE),
            {
                "fixed_geometry": wk.Geometry((40, 50)),
                "moving_geometry": wk.Geometry((40, 50)),
                "init": wk.Affine.identity(2, frame="pixel"),
            },
            'init: expected one transform in 2D in the frame "world"',
        ),
    ],
)
def test_wrong_values(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        register(*arguments, **options)


def test_wrong_types():
    with pytest.raises(TypeError, match="fixed: expected a NumPy or CuPy array"):
        register("image.png", IMAGE)
    with pytest.raises(TypeError, match="init: expected a transform, or the name"):
        register(IMAGE, IMAGE, init=np.eye(3))
    with pytest.raises(TypeError, match="init: expected an affine map or a Projective"):
        register(IMAGE, IMAGE, init=wk.Displacement(np.zeros((1, 4, 4, 2)), frame="pixel"))


def test_a_start_of_another_class_may_be_of_the_kind():
    shift = wk.Affine(np.array([[[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]]), frame="pixel")
    assert register(IMAGE, IMAGE, "rigid", init=shift).start == "given"


def test_images_are_not_changed():
    fixed, moving = IMAGE.copy(), IMAGE.copy()
    for array in (fixed, moving):
        array.flags.writeable = False
    register(fixed, moving, "translation", init="identity")
    np.testing.assert_array_equal(fixed, IMAGE)


@pytest.mark.parametrize("shapes", [((100, 90), (100, 90)), ((100, 90), (260, 140)), ((260, 140), (100, 90))])
def test_the_finest_level_is_blurred_where_there_is_no_coarser_one(shapes):
    """The search ends on the finest one then, which is what it is where that was asked for."""
    rng = np.random.default_rng(0)
    images = tuple(rng.random(shape) for shape in shapes)
    nothing = (None, None)
    pairs = [
        make_pair(images, nothing, nothing, "affine", "ncc", None, 0.01, 10, level).from_level(level)
        for level in (0, 2)
    ]
    for one, other in zip(*((pair.fixed[0], pair.moving[0]) for pair in pairs), strict=True):
        np.testing.assert_array_equal(one.image, other.image)
