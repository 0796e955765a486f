"""The paper's distortions R and RTS: turned digits, and turned, scaled and moved ones."""

from __future__ import annotations

import numpy as np

from warpkit._core import check_shape, wrong_value
from warpkit.warping import warp_affine

from ._checks import check_images, check_range


def rotate(
    images: np.ndarray, rng: np.random.Generator, degrees: tuple[float, float] = (-90.0, 90.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Turn each image about its centre by a random angle: the paper's R.

    **Convention.** A positive angle turns the picture counterclockwise as it is displayed, y pointing down:
    90 degrees is :func:`numpy.rot90`. `theta` maps output coordinates (x, y) to input coordinates.

    Parameters
    ----------
    images : array (n, c, height, width)
        Floating. Pixels that turn out of the frame are lost; from outside come zeros.
    rng : numpy.random.Generator
        Where the angles are drawn from, uniformly.
    degrees : tuple of two floats
        The least and the greatest angle. The paper's are -90 and 90 [1]_.

    Returns
    -------
    images : ndarray of float32 (n, c, height, width)
        The turned images, by :func:`warpkit.warp_affine`; those of angle 0 have all their bits unchanged.
    theta : ndarray of float64 (n, 2, 3)
        The maps, in the frame "normalized".

    Raises
    ------
    ValueError, TypeError
        If the images have another shape or no floating dtype, or `degrees` is no range.

    References
    ----------
    .. [1] M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015,
       section 4.1 and appendix A.4.
    """
    low, high = check_range("degrees", degrees)
    return rotate_by(images, rng.uniform(low, high, len(images)))


def rotate_by(images: np.ndarray, degrees: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn each image about its centre by a given angle.

    **Convention.** As of :func:`rotate`: positive angles are counterclockwise as displayed.

    Parameters
    ----------
    images : array (n, c, height, width)
        As of :func:`rotate`.
    degrees : float or array (n,)
        One angle for all images, or one for each.

    Returns
    -------
    images, theta
        As of :func:`rotate`.

    Raises
    ------
    ValueError, TypeError
        As of :func:`rotate`.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.datasets import rotate_by
    >>> image = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])  # a dot on the right
    >>> rotate_by(image[None, None], 90.0)[0][0, 0].round(3) + 0.0  # goes to the top
    array([[0., 1., 0.],
           [0., 0., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    images = check_images(images)
    angles = np.asarray(degrees, np.float64)
    if angles.shape not in ((), (1,), (len(images),)):
        expected = f"one angle, or one for each of {len(images)} images"
        raise wrong_value("degrees", expected, f"shape {angles.shape}")
    if not np.isfinite(angles).all():
        raise wrong_value("degrees", "finite angles", degrees)
    angles = np.broadcast_to(angles, len(images))
    shape = (images.shape[2], images.shape[3])
    theta = _similarity(shape, shape, angles, np.ones(len(images)), np.zeros((len(images), 2)))
    return warp_affine(images, theta), theta


def rotate_scale_translate(
    images: np.ndarray,
    rng: np.random.Generator,
    degrees: tuple[float, float] = (-45.0, 45.0),
    scale: tuple[float, float] = (0.7, 1.2),
    shape: tuple[int, int] = (42, 42),
) -> tuple[np.ndarray, np.ndarray]:
    """Turn, scale and move each image at random on a larger canvas: the paper's RTS.

    **Convention.** Angles as of :func:`rotate`; a scale above 1 makes the digit larger. `theta` maps output
    coordinates (x, y) to input coordinates.

    Parameters
    ----------
    images : array (n, c, height, width)
        Floating.
    rng : numpy.random.Generator
        Where angle, scale and place are drawn from, each uniformly.
    degrees, scale : tuple of two floats
        Least and greatest. The paper's are -45 to 45 degrees and 0.7 to 1.2 [1]_.
    shape : tuple of int
        Height and width of the canvas. The paper's is 42 by 42 for MNIST's 28 by 28 [1]_. The image's centre
        is anywhere where the scaled image, before it is turned, lies inside; in the middle where it is larger
        than the canvas. (The paper says "a random location".)

    Returns
    -------
    images : ndarray of float32 (n, c, *shape)
        The distorted images, by :func:`warpkit.warp_affine`.
    theta : ndarray of float64 (n, 2, 3)
        The maps, in the frame "normalized".

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape or type, or a range is none.

    References
    ----------
    .. [1] M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015,
       section 4.1 and appendix A.4.
    """
    images = check_images(images)
    if 0 in check_shape(shape, ndim=2):
        raise wrong_value("shape", "two lengths of at least 1", shape)
    angles = rng.uniform(*check_range("degrees", degrees), len(images))
    scales = rng.uniform(*check_range("scale", scale, least=0.0), len(images))
    room = 1 - scales[:, None] * np.array(images.shape[:1:-1]) / np.array(shape[::-1])
    centres = rng.uniform(-1, 1, (len(images), 2)) * np.maximum(room, 0)
    theta = _similarity((images.shape[2], images.shape[3]), shape, angles, scales, centres)
    return warp_affine(images, theta, shape), theta


def _similarity(
    in_shape: tuple[int, int],
    out_shape: tuple[int, int],
    degrees: np.ndarray,
    scale: np.ndarray,
    centre: np.ndarray,
) -> np.ndarray:
    """Maps (n, 2, 3) to the input of what is turned, scaled, and put with its middle at `centre` (n, 2).

    In pixels from the middles, p = R (q - c) / s; half an axis is 1 in normalised coordinates.
    """
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2) / scale[:, None, None]
    matrix = matrix * (np.array(out_shape[::-1])[None, :] / np.array(in_shape[::-1])[:, None])
    return np.concatenate([matrix, -matrix @ centre[:, :, None]], axis=-1)
