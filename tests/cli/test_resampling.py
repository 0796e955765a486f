from pathlib import Path

import numpy as np
import pytest

import warpkit as wk
from warpkit.cli._inputs import Input
from warpkit.cli._resampling import KERNELS, resample

DTYPES = (
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float32",
    "float64",
)
SHAPE = (9, 8)


def image(dtype="float64", geometry=None, array=None):
    if array is None:
        rng = np.random.default_rng(0)
        array = rng.random(SHAPE) if np.dtype(dtype).kind == "f" else rng.integers(0, 2, SHAPE) * 100
    return Input(Path("a.png"), array.astype(dtype), geometry, 2)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_identity_changes_nothing(dtype, kernel):
    """Bit for bit where a kernel reads the pixel alone; splines go through the pixels up to rounding."""
    given = image(dtype)
    out = resample(given, wk.Affine.identity(2), SHAPE, None, kernel)
    assert out.dtype == given.array.dtype
    splines = kernel.startswith("bspline") and out.dtype.kind == "f"
    np.testing.assert_allclose(out, given.array, rtol=0, atol=1e-6 if splines else 0)


@pytest.mark.parametrize("dtype", [name for name in DTYPES if not name.startswith("float")])
def test_integers_are_rounded_and_saturated(dtype):
    """Beside a step from the least to the greatest integer a cubic overshoots both."""
    least, most = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    row = np.array([least] * 4 + [most] * 4, dtype)
    given = image(dtype, array=np.stack([row] * 9))
    shift = wk.Translation(np.array([[0.5, 0.0]]), frame="pixel")
    out = resample(given, shift, SHAPE, None, "cubic")
    assert out.dtype == dtype
    assert out[4, 2] == least
    top = int(out[4, 4])
    assert top == most or (dtype in ("int64", "uint64") and 0 <= most - top <= 2**11)  # as floats are spaced


def test_channels_and_volumes():
    rng = np.random.default_rng(1)
    shift = wk.Translation(np.array([[1.0, 0.0]]), frame="pixel")
    colours = Input(Path("a.png"), rng.integers(0, 255, (3, 6, 7), np.uint8), None, 2)
    for kernel in KERNELS:
        out = resample(colours, shift, (6, 6), None, kernel)
        np.testing.assert_array_equal(out, colours.array[:, :, 1:])
    volume = Input(Path("a.nii"), rng.integers(-9, 9, (5, 6, 7), np.int32), None, 3)
    lower = wk.Translation(np.array([[0.0, 0.0, 2.0]]), frame="pixel")
    np.testing.assert_array_equal(resample(volume, lower, (3, 6, 7), None), volume.array[2:])


def test_the_world():
    """A map of the world from pixels of 2 mm to pixels of 1 mm."""
    coarse, fine = wk.Geometry((4, 5), spacing=(2.0, 2.0)), wk.Geometry((7, 9), spacing=(1.0, 1.0))
    given = Input(Path("a.mha"), np.arange(20.0).reshape(4, 5), coarse, 2)
    out = resample(given, wk.Translation.identity(2, frame="world"), fine.shape, fine)
    np.testing.assert_allclose(out[::2, ::2], given.array, atol=1e-12)


def test_the_world_needs_places():
    world = wk.Translation.identity(2, frame="world")
    with pytest.raises(ValueError, match=r"a\.png: expected a geometry"):
        resample(image(), world, SHAPE, wk.Geometry(SHAPE))
    with pytest.raises(ValueError, match="the output: expected a geometry"):
        resample(image(geometry=wk.Geometry(SHAPE)), world, SHAPE, None)
