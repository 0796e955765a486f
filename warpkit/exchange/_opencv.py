"""OpenCV's matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import check_choice
from warpkit.transforms import AbstractAffine, AbstractTransform

from ._matrices import affine_of, homogeneous, numbers, projective_of

DIRECTIONS = ("output_to_input", "input_to_output")


def from_opencv(matrix: Any, *, direction: str) -> AbstractTransform:
    """Turn a matrix of OpenCV into a transform.

    **Convention.** As in OpenCV, points are (x, y) in pixels, whose centres are at 0, 1, 2, ...: the frame
    "pixel". The result maps output (fixed) to input (moving) coordinates, as everywhere in warpkit. OpenCV
    has matrices of both directions, and nothing in a matrix tells which:

    * ``"output_to_input"``: of ``findTransformECC(template, input)`` (the template is the fixed image); what
      ``warpAffine`` and ``warpPerspective`` take with the flag ``WARP_INVERSE_MAP``;
    * ``"input_to_output"``: of ``getRotationMatrix2D``; what ``warpAffine`` and ``warpPerspective`` take
      without that flag (they invert it);
    * of ``findHomography(a, b)``, ``estimateAffine2D(a, b)`` and ``getPerspectiveTransform(a, b)``, which
      lead from `a` to `b`: "output_to_input" if `a` was marked in the output (the fixed image).

    Parameters
    ----------
    matrix : array, shape (2, 3) or (3, 3)
        An affine map or a homography.
    direction : {"output_to_input", "input_to_output"}
        Where the matrix leads.

    Returns
    -------
    AbstractTransform
        An :class:`Affine` of (2, 3), a :class:`Projective` of (3, 3), in the frame "pixel" and in float64.
        The inverse of a homography is :class:`Composed` where no matrix alone says which side of its horizon
        counts.

    Raises
    ------
    ValueError
        If the shape is another, a number is not finite, the direction is unknown, or the matrix has no
        inverse and needs one.

    Notes
    -----
    ``warpAffine`` rounds coordinates to 1/32 pixel by default, warpkit does not.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> shift = np.array([[1.0, 0.0, 5.0], [0.0, 1.0, 2.0]])                    # moves the picture
    >>> wk.from_opencv(shift, direction="input_to_output").theta
    array([[[ 1.,  0., -5.],
            [ 0.,  1., -2.]]])
    """
    check_choice("direction", direction, DIRECTIONS)
    matrix = numbers("matrix", matrix, ((2, 3), (3, 3)))
    kind = affine_of if len(matrix) == 2 else projective_of
    transform = kind(matrix, "pixel")
    return transform if direction == "output_to_input" else transform.inverse()


def to_opencv(transform: AbstractTransform, *, direction: str) -> np.ndarray:
    """Turn a transform into a matrix for OpenCV.

    **Convention.** As of :func:`from_opencv`: (x, y), in pixels. The transform maps output to input
    coordinates; `direction` says where the matrix is to lead.

    Parameters
    ----------
    transform : AbstractTransform
        One affine or projective map in 2D, in the frame "pixel".
    direction : {"output_to_input", "input_to_output"}
        "output_to_input" for ``warpAffine`` and ``warpPerspective`` with ``flags=cv2.WARP_INVERSE_MAP``, or
        to start ``findTransformECC`` (which needs float32); "input_to_output" for the first two without it.

    Returns
    -------
    ndarray of float64, shape (2, 3) or (3, 3)
        (2, 3) of an affine map of any class.

    Raises
    ------
    ValueError
        If the frame is another, the dimensions are not two, the batch is not 1, the direction is unknown, or
        the map has no inverse and needs one.
    TypeError
        If no matrix is such a map.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> move = wk.Translation(np.array([[-5.0, -2.0]]), frame="pixel")
    >>> wk.to_opencv(move, direction="input_to_output")
    array([[1., 0., 5.],
           [0., 1., 2.]])
    """
    check_choice("direction", direction, DIRECTIONS)
    matrix = homogeneous(transform, "pixel")
    if len(matrix) != 3:
        raise ValueError(f"transform: expected two dimensions, given {transform.ndim}")
    if direction == "input_to_output":
        matrix = homogeneous(transform.inverse(), "pixel")
    return matrix[:2] if isinstance(transform, AbstractAffine) else matrix
