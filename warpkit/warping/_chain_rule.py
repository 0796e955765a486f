"""The derivatives that all fused warps share: through the sampling, and on through the pixel coordinates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warpkit._core import Array, Op
from warpkit.autograd import jvp, vjp
from warpkit.sampling import grid_sample


def differentiate_through(op: Op, pixels: Callable[..., Array]) -> None:
    r"""Give a fused warp of (image, \*parameters) its rules.

    `pixels` maps the parameters, with `in_shape` and the op's own static arguments as keywords, to the pixel
    coordinates :math:`g(\theta)` that the warp samples the image at. With the sampling :math:`V(U, g)` of an
    image :math:`U`,

    .. math:: \bar\theta = (\partial g / \partial\theta)^T\, (\partial V / \partial g)^T\, \bar V, \qquad
       \dot V = (\partial V / \partial U)\, \dot U
       + (\partial V / \partial g)\, (\partial g / \partial\theta)\, \dot\theta.
    """

    def split(image: Array, static: dict[str, Any]) -> tuple[Callable[..., Array], dict[str, Any]]:
        sampling = {name: static.pop(name) for name in ("kernel", "boundary", "fill_value")}
        in_shape = tuple(image.shape[2:])
        return lambda *parameters: pixels(*parameters, in_shape=in_shape, **static), {
            **sampling,
            "frame": "pixel",
        }

    @op.vjp.rule
    def warp_vjp(ct_out, image, *parameters, needs, **static):
        pixels_of, sampling = split(image, static)
        grid, pull_back = vjp(pixels_of, parameters, needs[1:])
        sampled = (needs[0], any(needs[1:]))
        ct_image, ct_grid = grid_sample.vjp(ct_out, image, grid, needs=sampled, **sampling)
        return (ct_image, *(pull_back(ct_grid) if sampled[1] else (None,) * len(parameters)))

    @op.jvp.rule
    def warp_jvp(tangents, image, *parameters, **static):
        pixels_of, sampling = split(image, static)
        grid, tan_grid = jvp(pixels_of, parameters, tangents[1:])
        moved = any(tangent is not None for tangent in tangents[1:])
        return grid_sample.jvp((tangents[0], tan_grid if moved else None), image, grid, **sampling)
