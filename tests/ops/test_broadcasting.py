"""Broadcasting and its adjoint."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from warpkit import ops
from warpkit._core import ArraySpec
from warpkit.ops._broadcasting import broadcast_spec, unbroadcast


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_side=3), st.integers(0, 2**32 - 1))
def test_unbroadcast_is_the_adjoint(shapes, seed):
    """The inner product of ct and a broadcast x is that of the summed ct and x."""
    rng = np.random.default_rng(seed)
    x, ct = rng.standard_normal(shapes.input_shapes[0]), rng.standard_normal(shapes.result_shape)
    summed = unbroadcast(ct, x)
    assert summed.shape == x.shape
    wide = ops.broadcast_to(x, shapes.result_shape)
    assert np.vdot(ct, wide) == pytest.approx(np.vdot(summed, x), rel=1e-12, abs=1e-12)


def test_spec_is_numpys_result():
    a, b = np.ones((2, 1), np.float32), np.ones(3, np.int16)
    assert broadcast_spec(ArraySpec.of(a), ArraySpec.of(b)) == ArraySpec.of(a + b)
