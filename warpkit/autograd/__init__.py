"""The tape: reverse mode with :class:`Variable`, forward mode with :func:`jvp`."""

from warpkit._core import differentiator

from ._backward import grad as grad
from ._forward import jvp as jvp
from ._forward import jvp_of
from ._functions import value_and_grad as value_and_grad
from ._functions import vjp as vjp
from ._functions import vjp_of
from ._nonfinite import find_nonfinite as find_nonfinite
from ._variable import Variable as Variable
from ._variable import no_grad as no_grad

differentiator.vjp_of = vjp_of
differentiator.jvp_of = jvp_of
