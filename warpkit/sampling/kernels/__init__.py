"""Sampling kernels: each is one file."""

from ._bspline2 import bspline2 as bspline2
from ._bspline3 import bspline3 as bspline3
from ._cubic import cubic as cubic
from ._cubic import cubic_sharp as cubic_sharp
from ._gaussian import gaussian as gaussian
from ._kernel import SamplingKernel as SamplingKernel
from ._kernel import get_kernel as get_kernel
from ._kernel import register_kernel as register_kernel
from ._keys import keys as keys
from ._linear import linear as linear
from ._nearest import nearest as nearest
from ._parametric_kernel import ParametricKernel as ParametricKernel
from ._parametric_kernel import get_parametric_kernel as get_parametric_kernel
from ._parametric_kernel import register_parametric_kernel as register_parametric_kernel
