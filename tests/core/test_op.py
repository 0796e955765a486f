import inspect
import pickle

import numpy as np
import pytest

from warpkit import grid_sample, ops
from warpkit._core import Array, ArraySpec, Op, Sample, get_op, op
from warpkit._core import _registry as registry

X = np.arange(6.0).reshape(2, 3)


def scale(**options):
    """x * factor + shift, two arrays and two static arguments; not registered."""

    def body(x, y, *, factor, shift):
        return x * y * factor + shift

    static = {"factor": inspect.Parameter.empty, "shift": 0.0}
    new = Op("scale", body, ("x", "y"), static, **options)
    new.spec(lambda x, y, *, factor, shift: x)
    return new


def test_call_binds_and_computes():
    np.testing.assert_array_equal(scale()(X, X, 2.0), 2 * X * X)
    np.testing.assert_array_equal(scale()(X, y=X, factor=2.0, shift=1), 2 * X * X + 1)
    np.testing.assert_array_equal(scale()(factor=3, x=X, y=X), 3 * X * X)


def test_decorator_reads_the_signature():
    try:

        @op(linear=("x",), batch=("x",))
        def double(x: Array, *rest: Array, times: int = 2) -> Array:
            """Twice."""
            return x * times

        assert double.arrays == ("x", "*rest")
        assert double.static == {"times": 2}
        assert (double.linear, double.batch) == (("x",), ("x",))
        assert (double.name, double.__name__, double.__doc__) == ("double", "double", "Twice.")
        assert list(inspect.signature(double).parameters) == ["x", "rest", "times"]
        assert get_op("double") is double
        assert double.argument_name(0) == "x"
        assert double.argument_name(2) == "rest[1]"
    finally:
        registry._ops.pop("double", None)


def test_arrays_that_may_be_left_out():
    try:

        @op(batch=("x", "y"))
        def scale_by(x: Array, y: Array | None = None, factor: float = 1.0) -> Array:
            """x * y * factor, or x * factor."""
            return x * factor if y is None else x * y * factor

        scale_by.spec(lambda x, y=None, *, factor: x)
        scale_by.vjp.rule(
            lambda ct, x, y=None, *, needs, factor: (
                (ct * factor,) if y is None else (ct * y * factor, ct * x * factor)
            )
        )
        assert scale_by.arrays == ("x", "y")
        assert scale_by.optional == ("y",)
        assert scale_by.static == {"factor": 1.0}
        for given in ((X,), (X, None)):
            np.testing.assert_array_equal(scale_by(*given, factor=3.0), 3 * X)
        np.testing.assert_array_equal(scale_by(X, None, 3.0), 3 * X)
        np.testing.assert_array_equal(scale_by(X, y=None), X)
        for given, named in (((X, X, 3.0), {}), ((X,), {"y": X, "factor": 3.0})):
            np.testing.assert_array_equal(scale_by(*given, **named), 3 * X * X)
        assert [ct.shape for ct in scale_by.vjp(X, X)] == [(2, 3)]
        assert [ct.shape for ct in scale_by.vjp(X, X, y=X)] == [(2, 3), (2, 3)]
        assert scale_by.vjp(X, X, X, needs=(False, True))[0] is None
        assert pickle.loads(pickle.dumps(scale_by.vjp.of((True,)))) is scale_by.vjp.of((True,))
        with pytest.raises(TypeError, match="argument 'x' is missing"):
            scale_by(y=X)
        with pytest.raises(TypeError, match="x: expected a NumPy or CuPy array"):
            scale_by(None)
    finally:
        registry._ops.pop("scale_by", None)


def test_kernels_are_asked_first_and_may_decline():
    new = scale()
    asked = []
    new.kernel(lambda x, y, **static: asked.append("first") or NotImplemented)
    new.kernel(lambda x, y, **static: asked.append("second") or x)
    assert new(X, X, 2.0) is X
    assert asked == ["first", "second"]


def test_spec_speaks_before_any_work():
    new = scale()
    new.kernel(lambda *arrays, **static: pytest.fail("the spec should have raised"))

    @new.spec
    def spec(x, y, *, factor, shift):
        raise ValueError("y: expected something else")

    with pytest.raises(ValueError, match="y: expected something else"):
        new(X, X, 1.0)


def test_output_specs():
    specs = [ArraySpec.of(X)] * 2
    assert scale().output_specs(specs, {"factor": 1, "shift": 0}) == (ArraySpec((2, 3), X.dtype),)
    nameless = Op("nameless", lambda x: x, ("x",), {})
    with pytest.raises(NotImplementedError, match="op 'nameless' has no spec"):
        nameless(X)


def test_numbers_take_the_dtype_that_they_meet():
    assert ops.add(np.float32([1]), 2.0).dtype == np.float32
    assert ops.add(2, np.float32([1])).dtype == np.float32
    assert ops.add(np.int32([1]), 2.5).dtype == np.float64
    assert ops.add(1.0, 2.0) == 3.0


def test_keywords_only():
    """What the signature has behind its star is not taken by position, so that its order may change."""
    new = scale(keyword_only=("shift",))
    np.testing.assert_array_equal(new(X, X, 2.0, shift=1), 2 * X * X + 1)
    with pytest.raises(
        TypeError, match=r"expected at most 3 arguments by position \(x, y, factor\), given 4"
    ):
        new(X, X, 2.0, 1)


def test_the_decorator_tells_keywords_only():
    image, grid = np.ones((1, 1, 4)), np.zeros((1, 2, 1))
    with pytest.raises(TypeError, match=r"expected at most 2 arguments by position \(image, grid\), given 3"):
        grid_sample(image, grid, "nearest")


def test_static_arguments_are_frozen():
    seen = []
    new = Op("see", lambda x, *, value: seen.append(value) or x, ("x",), {"value": None})
    new.spec(lambda x, *, value: x)
    new(X, [1, [2, 3]])
    new(X, value=np.float32)
    assert seen == [(1, (2, 3)), "float32"]


def test_samples():
    new = scale()
    assert new.draw_samples(np.random.default_rng(0)) == []
    new.samples(lambda rng: iter([Sample((X, X), {"factor": rng.random(), "shift": 0})]))
    assert len(new.draw_samples(np.random.default_rng(0))) == 1


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((X,), {"factor": 1}, "scale: argument 'y' is missing"),
        ((X, X), {}, "scale: argument 'factor' is missing"),
        ((X, X, 1, 2, 3), {}, "scale: expected at most .*given"),
        ((X, X, 1), {"factor": 2}, "scale: argument 'factor' is unknown or given twice"),
        ((X, X, 1), {"x": X}, "scale: argument 'x' is unknown or given twice"),
        ((X, X, 1), {"fator": 2}, "'fator' is unknown or given twice; its arguments are x, y, factor, shift"),
        ((X, X.astype(object), 1), {}, "y: expected real numbers.*, given dtype object"),
        ((X, X.astype(complex), 1), {}, "y: expected real numbers.*, given dtype complex128"),
        ((X, "abc", 1), {}, "y: expected a NumPy or CuPy array .*given builtins.str"),
        ((X, X, X), {}, "factor: expected a hashable value .*given numpy.ndarray"),
    ],
)
def test_errors(args, kwargs, message):
    with pytest.raises(TypeError, match=message):
        scale()(*args, **kwargs)


def test_arrays_of_another_library_are_errors():
    class Tensor:
        __module__ = "torch"

        def __array__(self, *args, **kwargs):
            raise AssertionError("never converted behind the user's back")

    with pytest.raises(
        TypeError, match=r"a: expected a NumPy or CuPy array \(torch and JAX: warpkit\.bridges\), given"
    ):
        ops.add(Tensor(), X)


def test_pickle():
    assert pickle.loads(pickle.dumps(ops.matmul)) is ops.matmul


def test_repr():
    assert repr(ops.matmul) == "<warpkit op matmul>"
    assert repr(ops.matmul.vjp.of((True, False))) == "<warpkit op matmul.vjp[10]>"
