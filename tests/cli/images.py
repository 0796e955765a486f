"""Images for the commands, and what they print."""

import numpy as np

import warpkit as wk


def texture(shape, seed=0, grain=8):
    """Smooth, from 0 to 1."""
    coarse = np.random.default_rng(seed).random([max(3, n // grain) for n in shape])
    return wk.warp(coarse, wk.Affine.identity(len(shape)), shape)


def colours(shape, seed=0):
    """A picture (3, height, width) of uint8."""
    return np.stack([np.rint(255 * texture(shape, seed + i)) for i in range(3)]).astype(np.uint8)


def scans():
    """Two volumes of float32, each with its geometry, and the shift between them in the world (mm, LPS)."""
    theirs = wk.Geometry((64, 64, 64), spacing=(1.0, 1.0, 1.0), origin=(-30.0, -20.0, 10.0))
    own = wk.Geometry((40, 56, 56), spacing=(1.1, 1.1, 1.4), origin=(-29.0, -20.0, 12.0))
    moving = texture(theirs.shape, grain=4).astype(np.float32)
    shift = wk.Translation(np.array([[1.5, -1.0, 0.5]]), frame="world")
    fixed = wk.warp(moving, shift.to_frame("pixel", theirs, own), own.shape)
    return (fixed, own), (moving, theirs), shift
