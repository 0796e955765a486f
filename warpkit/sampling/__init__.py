"""Pull and push: images sampled at grids, and the adjoint of that."""

from ._boundary import BOUNDARIES as BOUNDARIES
from ._grid_count import grid_count as grid_count
from ._grid_gradient import grid_gradient as grid_gradient
from ._grid_push import grid_push as grid_push
from ._grid_push_parametric import grid_push_parametric as grid_push_parametric
from ._grid_sample import grid_sample as grid_sample
from ._grid_sample_parametric import grid_sample_parametric as grid_sample_parametric
from ._spline_coefficients import spline_coefficients as spline_coefficients
from .kernels import SamplingKernel as SamplingKernel
from .kernels import register_kernel as register_kernel
