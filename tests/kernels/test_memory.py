"""Memory that is not to be had is an error that tells how much was wanted; memory that is sparse stays so."""

import re
import subprocess
import sys

import numpy as np
import pytest

import warpkit as wk
from warpkit._core import _native
from warpkit.sampling._native_arguments import AFFINE, Sampling
from warpkit.warping._native_gram import LeastSquares

pytestmark = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)


def test_a_kernel_without_memory():
    """More points than any machine has room for the sums of."""
    arguments = Sampling(
        ndim=2,
        source=AFFINE,
        num_threads=1,
        image_n=1,
        source_n=1,
        point_values_n=1,
        channels=1,
        shape=(2**30, 2**30, 1),
        size=(4, 4, 1),
        block_size=(4, 4, 1),
    )
    with pytest.raises(MemoryError) as error:
        _native.call("wk_pull_vjp", arguments)
    told = re.fullmatch(r"wk_pull_vjp: no memory left for (\d+) bytes", str(error.value))
    assert told, error.value
    assert int(told[1]) > 2**50


def test_normal_equations_without_memory():
    """More items than any machine has room for the sums of."""
    arguments = LeastSquares(
        Sampling(
            ndim=2,
            source=AFFINE,
            num_threads=1,
            image_n=1,
            source_n=2**44,
            channels=1,
            shape=(4, 4, 1),
            size=(4, 4, 1),
            block_size=(4, 4, 1),
        ),
        residuals=1,
    )
    with pytest.raises(MemoryError, match=f"for {2**44 * 25 * 8} bytes"):
        _native.call("wk_normal_equations", arguments)


def test_an_output_without_memory():
    image, theta = np.zeros((1, 1, 4, 4), np.float32), np.eye(2, 3)[None]
    with pytest.raises(MemoryError, match=r"256\. PiB"):
        wk.warp_affine(image, theta, shape=(2**28, 2**28))


def test_push_onto_more_than_2_to_the_31_pixels():
    """The image is 10 GB of zeros that no page has been found for, but those of the points."""
    width = height = 50_000
    try:
        np.zeros((height, width), np.float32)
    except MemoryError:
        pytest.skip("the system does not hand out 10 GB of untouched memory")
    values = np.array([[[1, 2, 4]]], np.float32)
    grid = np.array([[[width - 1, height - 1.5], [0.25, 0], [width - 2.5, height - 1]]])
    image = wk.grid_push(values, grid, (height, width), frame="pixel")
    np.testing.assert_array_equal(image[0, 0, -2:, -3:], [[0, 0, 0.5], [2, 2, 0.5]])
    np.testing.assert_array_equal(image[0, 0, 0, :3], [1.5, 0.5, 0])
    pulled = wk.grid_sample(image, grid, frame="pixel")
    np.testing.assert_array_equal(pulled, [[[0.5, 1.25, 2]]])


# In a thread with a stack of 128 KB, as all but the first have where the C library is musl.
ON_A_SMALL_STACK = """
import threading
import numpy as np, warpkit as wk

def run():
    rng = np.random.default_rng(0)
    for kernel in ("nearest", "linear", "cubic", "bspline3"):
        sample = lambda image, grid: wk.grid_sample(image, grid, kernel=kernel)
        for ndim in (1, 2, 3):
            for dtype in (np.float32, np.float64):
                image = rng.random((2, 3) + (9,) * ndim).astype(dtype)
                grid = rng.uniform(-1.2, 1.2, (2,) + (8,) * ndim + (ndim,)).astype(dtype)
                wk.autograd.jvp(sample, (image, grid), (image, grid))
                out, pull_back = wk.autograd.vjp(sample, (image, grid))
                pull_back(np.ones_like(out))
    moving, fixed = rng.random((2, 1, 1, 40, 40))
    wk.warp_normal_equations(moving, fixed, wk.Affine.identity(2))
    finished.append(True)

finished = []
threading.stack_size(128 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
assert finished
"""


def test_a_small_stack():
    subprocess.run([sys.executable, "-c", ON_A_SMALL_STACK], check=True, timeout=120)
