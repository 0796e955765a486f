"""Apply a transform from a file to an image.

The transform says where each pixel of the output looks in the image: what `warpkit register` wrote leads from
the fixed image to the moving one, so the moving image is what it is applied to. The output has the image's
dtype. It exits with 0, or with 1 after an error.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from warpkit.exchange import load_transform, write_image
from warpkit.exchange._image_files import ITK, NIFTI
from warpkit.grids import Geometry

from ._inputs import Input, naming, read_input
from ._resampling import KERNELS, resample
from ._stages import stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command line."""
    parser.add_argument("image", metavar="IMAGE", help="the image to warp")
    parser.add_argument("--transform", "-t", metavar="T", required=True, help="a file: .npz, .tfm or .txt")
    parser.add_argument("-o", "--out", metavar="OUT", required=True, help="the file to write or replace")
    parser.add_argument(
        "--like",
        metavar="REFERENCE",
        help="an image whose shape and place the output has: the fixed one; by default those of IMAGE, or "
        "the shape of the transform's own field",
    )
    parser.add_argument(
        "--kernel", choices=KERNELS, default=KERNELS[0], help="linear by default; nearest for labels"
    )
    parser.add_argument(
        "--inverse", action="store_true", help="apply the transform's inverse, which warps the fixed image"
    )


def run(options: argparse.Namespace) -> int:
    """Warp; return the exit status."""
    with stage("reading"):
        transform = load_transform(options.transform)
        if transform.n != 1:
            raise ValueError(f"{options.transform}: expected one transform, given a batch of {transform.n}")
        image = read_input(options.image, transform.ndim)
        like = image if options.like is None else read_input(options.like, transform.ndim)
    with stage("warping"), naming({"transform": options.transform}):
        transform = transform.inverse() if options.inverse else transform
        shape = None if options.like is None else like.shape
        warped = resample(image, transform, shape, like.geometry, options.kernel)
    geometry = _geometry_of(warped, like, options.transform)
    with stage("writing"), naming({"array": options.out}):
        write_image(options.out, warped, geometry if has_place(options.out) else None)
    print(f"wrote {Input(Path(options.out), warped, geometry, transform.ndim)}")
    return 0


def has_place(path: str) -> bool:
    """Whether a file of this name has a place for a geometry."""
    return path.lower().endswith((*NIFTI, *ITK))


def _geometry_of(warped: np.ndarray, like: Input, transform: str) -> Geometry | None:
    """Where the output is; a transform with a field of its own may have given it another shape."""
    if warped.shape[warped.ndim - like.ndim :] == like.shape:
        return like.geometry
    if like.geometry is not None:
        expected = f"--like, as its field is of an image of another shape than {like.path}"
        raise ValueError(f"{transform}: expected {expected}")
    return None
