"""scikit-image's transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import check_choice, wrong_type
from warpkit.transforms import (
    AbstractAffine,
    AbstractTransform,
    Attention,
    Rigid,
    Similarity,
    Translation,
)

from ._matrices import affine_of, homogeneous, numbers, projective_of, reversed_axes, rigid_of, similarity_of
from ._optional import optional

CONVENTIONS = ("xy", "ij")

# The name of the class there, and what has its maps here. Simplest first, since they inherit from others.
_CLASSES: tuple[tuple[str, Any], ...] = (
    ("SimilarityTransform", similarity_of),
    ("EuclideanTransform", rigid_of),
    ("AffineTransform", affine_of),
    ("ProjectiveTransform", projective_of),
)


def from_skimage(transform: Any, *, convention: str) -> AbstractTransform:
    """Turn a transform of scikit-image into one of warpkit.

    **Convention.** Points are mapped as the object maps them: what ``skimage.transform.warp(image,
    transform)`` shows is ``wk.warp(image, from_skimage(transform, ...))``. So an object that was estimated
    from points of the input to points of the output has to be inverted, here as there: ``transform.inverse``.
    The result has (x, y[, z]) in the frame "pixel", whose centres are at 0, 1, 2, ...

    Nothing in the object tells the order of the coordinates that it is for: `warp` of scikit-image 0 and 1
    applies it to (x, y), that of scikit-image 2 to (row, column), where the same angle turns the other way.

    Parameters
    ----------
    transform : EuclideanTransform, SimilarityTransform, AffineTransform or ProjectiveTransform
        Of ``skimage.transform``, in 2D or 3D.
    convention : {"xy", "ij"}
        Its coordinates: (x, y[, z]), or the array's axes in their order, (row, column) or (z, y, x).

    Returns
    -------
    Rigid, Similarity, Affine or Projective
        In the frame "pixel" and in float64.

    Raises
    ------
    ValueError
        If the convention is unknown, a number is not finite, or the matrix is not what its class says, a
        reflection for instance, which scikit-image does not check.
    TypeError
        If it is no such transform, among them a failed estimate.
    ImportError
        If scikit-image is not installed (extra ``features``).

    References
    ----------
    scikit-image, issue 7728, "Enable rc-coordinate conventions in skimage.transform", for the change to come.

    Examples
    --------
    >>> import skimage as ski, warpkit as wk
    >>> turn = ski.transform.EuclideanTransform(rotation=0.5)
    >>> wk.from_skimage(turn, convention="xy").rotation, wk.from_skimage(turn, convention="ij").rotation
    (array([0.5]), array([-0.5]))
    """
    check_choice("convention", convention, CONVENTIONS)
    library = optional("skimage.transform", "from_skimage", "features")
    for name, kind in _CLASSES:
        if isinstance(transform, getattr(library, name)):
            matrix = numbers("transform", transform.params, ((3, 3), (4, 4)))
            found: AbstractTransform = kind(reversed_axes(matrix) if convention == "ij" else matrix, "pixel")
            return found
    names = ", ".join(name for name, _ in _CLASSES)
    raise wrong_type("transform", f"one of skimage.transform's {names}", transform)


def to_skimage(transform: AbstractTransform, *, convention: str) -> Any:
    """Turn a transform into one of scikit-image.

    **Convention.** As of :func:`from_skimage`: the result maps points as `transform` does, from output to
    input, and is to be handed to ``skimage.transform.warp`` as it is.

    Parameters
    ----------
    transform : AbstractTransform
        One affine or projective map in 2D or 3D, in the frame "pixel".
    convention : {"xy", "ij"}
        The coordinates of the result: "xy" for `warp` of scikit-image 0 and 1, "ij" for that of 2.

    Returns
    -------
    EuclideanTransform, SimilarityTransform, AffineTransform or ProjectiveTransform
        Of ``skimage.transform``, the simplest class that has the maps of the transform's class.

    Raises
    ------
    ValueError
        If the frame is another, the batch is not 1, the dimensions are neither two nor three, or the
        convention is unknown.
    TypeError
        If it is neither an affine map nor projective.
    ImportError
        If scikit-image is not installed (extra ``features``).

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> move = wk.Translation(np.array([[5.0, 2.0]]), frame="pixel")
    >>> wk.to_skimage(move, convention="xy").params[:2, 2], wk.to_skimage(move, convention="ij").params[:2, 2]
    (array([5., 2.]), array([2., 5.]))
    """
    check_choice("convention", convention, CONVENTIONS)
    matrix = homogeneous(transform, "pixel")
    if len(matrix) == 2:
        raise ValueError("transform: expected two or three dimensions, given 1")
    library = optional("skimage.transform", "to_skimage", "features")
    matrix = reversed_axes(matrix) if convention == "ij" else matrix
    return getattr(library, _class_for(transform))(np.ascontiguousarray(matrix))


def _class_for(transform: AbstractTransform) -> str:
    """The simplest class of scikit-image that has the maps of a class."""
    if isinstance(transform, (Translation, Rigid)):
        return "EuclideanTransform"
    if isinstance(transform, (Attention, Similarity)):
        return "SimilarityTransform"
    return "AffineTransform" if isinstance(transform, AbstractAffine) else "ProjectiveTransform"
