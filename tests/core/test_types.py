import numpy as np
import pytest

from warpkit._core import ArraySpec, Sample
from warpkit.autograd import Variable


def test_spec_of_arrays_and_tracers():
    x = np.zeros((2, 3), np.float32)
    assert ArraySpec.of(x) == ArraySpec.of(Variable(x)) == ArraySpec((2, 3), np.dtype("float32"))
    assert hash(ArraySpec.of(x)) == hash(ArraySpec.of(x))
    assert (ArraySpec.of(x).ndim, ArraySpec.of(x).size) == (2, 6)
    assert ArraySpec.of(x).with_dtype("int8") == ArraySpec((2, 3), np.dtype("int8"))


@pytest.mark.parametrize(("dtype", "expected"), [("f2", True), ("f8", True), ("i4", False), ("?", False)])
def test_differentiable(dtype, expected):
    assert ArraySpec((), np.dtype(dtype)).differentiable is expected


def test_specs_and_samples_are_immutable():
    with pytest.raises(AttributeError):
        ArraySpec((), np.dtype("f8")).shape = (1,)
    with pytest.raises(AttributeError):
        Sample((), {}).smooth = False
    assert Sample((), {}).smooth
