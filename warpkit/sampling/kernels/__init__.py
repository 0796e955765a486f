"""Sampling kernels: each is one file."""

from ._kernel import SamplingKernel as SamplingKernel
from ._kernel import get_kernel as get_kernel
from ._kernel import register_kernel as register_kernel
from ._linear import linear as linear
from ._nearest import nearest as nearest
