"""The paper's distortion E: elastic deformation by a thin-plate spline."""

from __future__ import annotations

import numpy as np

from warpkit.warping import warp_tps

from ._checks import check_images, check_range, check_sigma

_AXIS = np.linspace(-1.0, 1.0, 4)

CONTROL_POINTS = np.stack(np.meshgrid(_AXIS, _AXIS), axis=-1).reshape(16, 2)
"""The 16 control points of :func:`bend`: 4 by 4 from edge to edge, x fastest, in the frame "normalized"."""


def bend(
    images: np.ndarray,
    rng: np.random.Generator,
    sigma: float = 1.5,
    scale: tuple[float, float] = (0.75, 1.0),
) -> tuple[np.ndarray, np.ndarray]:
    """Scale each image and deform it by a random thin-plate spline of 16 control points: the paper's E.

    **Convention.** `theta` says where in the input each control point of the output lies, as (x, y).

    Parameters
    ----------
    images : array (n, c, height, width)
        Floating.
    rng : numpy.random.Generator
        Where the scale is drawn from, uniformly, and the displacements, normally.
    sigma : float
        Standard deviation of each coordinate of each point, in pixels of the scaled image. The paper's is
        1.5, and its points are 16 on a regular grid [1]_.
    scale : tuple of two floats
        Least and greatest, above 0; below 1 the image becomes smaller. 0.75 to 1 as for P.

    Returns
    -------
    images : ndarray of float32 (n, c, height, width)
        The deformed images, by :func:`warpkit.warp_tps`.
    theta : ndarray of float64 (n, 16, 2)
        The places of :data:`CONTROL_POINTS`, in the frame "normalized".

    Raises
    ------
    ValueError, TypeError
        If the images have another shape or no floating dtype, `sigma` is negative, or `scale` no
        range above 0.

    References
    ----------
    .. [1] M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015,
       section 4.1 and appendix A.4.
    """
    images, sigma = check_images(images), check_sigma(sigma)
    pixel = 2 / np.array(images.shape[:1:-1])
    scales = rng.uniform(*check_range("scale", scale, least=0.0), (len(images), 1, 1))
    moves = sigma * pixel * rng.standard_normal((len(images), *CONTROL_POINTS.shape))
    theta = (CONTROL_POINTS + moves) / scales
    return warp_tps(images, theta, CONTROL_POINTS), theta
