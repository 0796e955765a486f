"""Checks of ops and their derivatives, for warpkit's own ops and for yours."""

from warpkit._core import all_ops as all_ops

from ._check import check_adjoint as check_adjoint
from ._check import check_jvp as check_jvp
from ._check import check_op as check_op
from ._check import check_second_order as check_second_order
from ._check import check_spec as check_spec
from ._check import check_vjp as check_vjp
