"""The op record and what it stands on: arrays of two libraries, tracers, errors, loaders."""

from ._arrays import as_array as as_array
from ._arrays import fft as fft
from ._arrays import is_array as is_array
from ._arrays import is_cupy as is_cupy
from ._arrays import namespace as namespace
from ._arrays import ndimage as ndimage
from ._arrays import to_numpy as to_numpy
from ._derived import zeros_like as zeros_like
from ._errors import check_choice as check_choice
from ._errors import wrong_type as wrong_type
from ._errors import wrong_value as wrong_value
from ._op import Op as Op
from ._op import op as op
from ._registry import all_ops as all_ops
from ._registry import get_op as get_op
from ._static import check_shape as check_shape
from ._tracer import Tracer as Tracer
from ._tracer import differentiator as differentiator
from ._tracer import new_level as new_level
from ._tracer import plain as plain
from ._types import Array as Array
from ._types import ArraySpec as ArraySpec
from ._types import Sample as Sample
