"""The mean of each window, and its adjoint."""

from __future__ import annotations

from warpkit._core import Array, Sample, op

from ._windows import PerAxis, pool_samples, pool_windows, pooled_spec, unpooled_spec, unpooled_zeros


@op(linear=("image",), batch=("image",))
def avg_pool(image: Array, window: PerAxis, stride: PerAxis | None = None) -> Array:
    r"""Mean of each window.

    Parameters
    ----------
    image : array (n, c, *spatial)
        1, 2 or 3 spatial axes, floating.
    window : int or tuple of int
        Lengths of the window: for all spatial axes, or one for each.
    stride : int or tuple of int, optional
        Step from window to window; `window` by default. Elements after the last whole window are ignored.

    Returns
    -------
    array (n, c, *out)
        :math:`y_p = \frac{1}{|W|} \sum_{j \in W(p)} x_j`; the adjoint is :func:`avg_pool_to_image`.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.ops import avg_pool
    >>> avg_pool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[2., 1.]]])
    """
    first, *others = pool_windows(image.shape[2:], window, stride)[1]
    out = image[first].copy(order="K")
    for where in others:
        out += image[where]
    out /= 1 + len(others)
    return out


avg_pool.spec(pooled_spec)


@avg_pool.vjp.rule
def _avg_pool_vjp(ct_out, image, *, needs, window, stride):
    del needs
    return (avg_pool_to_image(ct_out, tuple(image.shape[2:]), window, stride),)


@avg_pool.jvp.rule
def _avg_pool_jvp(tangents, image, *, window, stride):
    del image
    return avg_pool(tangents[0], window, stride)


@op(linear=("values",), batch=("values",))
def avg_pool_to_image(
    values: Array, shape: tuple[int, ...], window: PerAxis, stride: PerAxis | None = None
) -> Array:
    r"""Each value spread evenly over its window: the adjoint of :func:`avg_pool`.

    Parameters
    ----------
    values : array (n, c, *out)
        One value per window.
    shape : tuple of int
        Spatial shape of the result.
    window, stride : int or tuple of int
        As in :func:`avg_pool`.

    Returns
    -------
    array (n, c, *shape)
        :math:`x_j = \frac{1}{|W|} \sum_{p : j \in W(p)} y_p`.
    """
    places = pool_windows(shape, window, stride)[1]
    out, share = unpooled_zeros(values, shape), values / len(places)
    for where in places:
        out[where] += share
    return out


avg_pool_to_image.spec(unpooled_spec)


@avg_pool_to_image.vjp.rule
def _avg_pool_to_image_vjp(ct_out, values, *, needs, shape, window, stride):
    del values, needs, shape
    return (avg_pool(ct_out, window, stride),)


@avg_pool_to_image.jvp.rule
def _avg_pool_to_image_jvp(tangents, values, *, shape, window, stride):
    del values
    return avg_pool_to_image(tangents[0], shape, window, stride)


avg_pool.samples(pool_samples)


@avg_pool_to_image.samples
def _avg_pool_to_image_samples(rng):
    for (image,), how in ((sample.arrays, sample.static) for sample in pool_samples(rng)):
        values = rng.standard_normal(avg_pool(image, **how).shape)
        yield Sample((values,), {"shape": image.shape[2:], **how})
