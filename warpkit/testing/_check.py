"""Checks of an op's derivatives in random directions.

Each check draws random tangents and cotangents and compares numbers that must agree; the criteria are
relative, so that scaling a function or its arguments changes no verdict. A failed check is an
AssertionError that names the op, the argument and both numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Op

from ._case import Case, compare, flat


def check_spec(op: Op, *args: Any, **static: Any) -> None:
    """Check that an op's outputs have the shapes and dtypes that its spec tells.

    Parameters
    ----------
    op : Op
        What is checked.
    *args, **static
        What it is called with.

    Raises
    ------
    AssertionError
        If an output differs from its spec.
    """
    case = Case.of(op, args, static, seed=0)
    expected = op.output_specs([ArraySpec.of(x) for x in case.arrays], case.static)
    found = tuple(ArraySpec.of(x) for x in case.call(case.arrays))
    if expected != found:
        raise AssertionError(f"{op.name}: the spec tells {expected}, the output is {found}")


def check_jvp(op: Op, *args: Any, seed: int = 0, rtol: float = 1e-6, **static: Any) -> None:
    r"""Check the jvp of an op against central differences, in float64.

    Parameters
    ----------
    op : Op
        What is checked.
    *args, **static
        What it is called with: a point with no kink within about :math:`10^{-5}` of the arguments' size.
    seed : int
        Seed of the random directions.
    rtol : float
        Largest difference, relative to the derivative. What rounding of the values does to the central
        difference is allowed for besides.

    Raises
    ------
    AssertionError
        If the derivative in the direction of one argument, or of all together, is wrong.

    Notes
    -----
    The direction :math:`v` has the size of the argument :math:`x`. With :math:`h = \epsilon^{1/3}`,
    :math:`\lVert (f(x + h v) - f(x - h v)) / 2h - J v \rVert` must be small beside
    :math:`\lVert J v \rVert`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.testing.check_jvp(wk.ops.exp, np.array([0.0, 1.0]))
    """
    case = Case.of(op, args, static, seed)
    wide = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in case.arrays]
    case = Case(op, tuple(wide), case.static, case.rng)
    choices = [[i] for i in case.differentiable]
    if len(choices) > 1:
        choices.append(case.differentiable)
    for chosen in choices:
        what = case.name(chosen[0]) if len(chosen) == 1 else f"{op.name}, all arguments together"
        _check_direction(case, chosen, what, rtol)


def _check_direction(case: Case, chosen: list[int], what: str, rtol: float) -> None:
    values = case.call(case.arrays)
    eps = max([float(np.finfo(out.dtype).eps) for out in values if out.dtype.kind == "f"], default=0.0)
    step = float(np.cbrt(eps))
    tangents = {}
    for i in chosen:
        size = float(abs(case.arrays[i]).max()) if case.arrays[i].size else 0.0
        tangents[i] = case.random_like(case.arrays[i]) * (size or 1.0)
    ahead = case.call_with({i: case.arrays[i] + step * v for i, v in tangents.items()})
    behind = case.call_with({i: case.arrays[i] - step * v for i, v in tangents.items()})
    found = flat(case.jvp(tangents))
    expected = (flat(ahead) - flat(behind)) / (2 * step) if step else found
    size = max(float(np.linalg.norm(expected)), float(np.linalg.norm(found)))
    rounding = 8 * eps / step * float(np.linalg.norm(flat(values))) if step else 0.0
    difference = float(np.linalg.norm(found - expected))
    if not difference <= max(rtol, step**2) * size + rounding:
        i = int(np.argmax(np.abs(found - expected)))
        raise AssertionError(
            f"{what}: the jvp disagrees with central differences; at the worst element "
            f"({i} of {found.size}) jvp = {found[i]:.12g}, difference quotient = {expected[i]:.12g}; "
            f"relative difference {difference / size:.2g}, expected at most {rtol:.2g}"
        )


def check_vjp(op: Op, *args: Any, seed: int = 0, rtol: float | None = None, **static: Any) -> None:
    r"""Check that the vjp of an op is the transpose of its jvp, and that `needs` only leaves out.

    Parameters
    ----------
    op : Op
        What is checked.
    *args, **static
        What it is called with; kinks are welcome, as vjp and jvp must choose the same side.
    seed : int
        Seed of the random directions.
    rtol : float, optional
        Largest relative difference; 1e-12 by default, 1e-5 below float64.

    Raises
    ------
    AssertionError
        If a cotangent is wrong, of the wrong dtype or shape, or given without being asked for.

    Notes
    -----
    :math:`\langle \bar y, J_i v \rangle = \langle J_i^T \bar y, v \rangle` for each argument :math:`x_i`.
    A jvp that is wrong in the same way is what :func:`check_jvp` finds.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.testing.check_vjp(wk.ops.matmul, np.eye(2), np.ones((2, 3)))
    """
    case = Case.of(op, args, static, seed)
    rtol = case.tolerance(rtol)
    cts = [case.random_like(out) for out in case.call(case.arrays)]
    together = case.vjp(cts, case.differentiable)
    for i in case.differentiable:
        alone = case.vjp(cts, [i])
        for j, ct in enumerate(alone):
            if (ct is not None) != (i == j):
                raise AssertionError(
                    f"{case.name(j)}: needs asks for argument {i} only, the cotangent is {ct!r}"
                )
        _check_cotangent(case, i, alone[i], together[i], rtol)
        v = case.random_like(case.arrays[i])
        forward = flat(cts) * flat(case.jvp({i: v}))
        reverse = flat([alone[i]]) * flat([v])
        scale = float(np.abs(forward).sum() + np.abs(reverse).sum())
        numbers = ("<ct, jvp(v)>", float(forward.sum())), ("<vjp(ct), v>", float(reverse.sum()))
        compare(case.name(i), *numbers, scale, rtol)


def _check_cotangent(case: Case, i: int, alone: Array, together: Array, rtol: float) -> None:
    x = case.arrays[i]
    for ct in (alone, together):
        if ArraySpec.of(ct) != ArraySpec.of(x):
            raise AssertionError(f"{case.name(i)}: {ArraySpec.of(x)} has a cotangent {ArraySpec.of(ct)}")
    first, second = flat([alone]), flat([together])
    norms = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    difference = float(np.linalg.norm(first - second))
    if not difference <= rtol * max(norms):
        raise AssertionError(
            f"{case.name(i)}: the cotangent depends on what else is asked for; its norm is {norms[0]:.12g} "
            f"alone, {norms[1]:.12g} with all others, and they differ by {difference:.2g}"
        )


def check_adjoint(op: Op, *args: Any, seed: int = 0, rtol: float | None = None, **static: Any) -> None:
    r"""Check that an op is linear where it says so, and that its vjp is the exact adjoint there.

    Parameters
    ----------
    op : Op
        What is checked, in each of ``op.linear``. An op may add a constant, which is subtracted.
    *args, **static
        What it is called with.
    seed : int
        Seed of the random arrays.
    rtol : float, optional
        Largest relative difference; 1e-12 by default, 1e-5 below float64.

    Raises
    ------
    AssertionError
        If the op is not linear, or :math:`\langle \bar y, A v \rangle \ne \langle A^T \bar y, v \rangle`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.testing.check_adjoint(wk.ops.sum, np.ones((2, 3)), axis=0)
    """
    case = Case.of(op, args, static, seed)
    rtol = case.tolerance(rtol)
    cts = [case.random_like(out) for out in case.call(case.arrays)]
    for i in case.differentiable:
        if op.argument_name(i) not in op.linear:
            continue
        u, v = case.random_like(case.arrays[i]), case.random_like(case.arrays[i])
        constant = flat(case.call_with({i: 0 * u}))
        of_u, of_v, of_sum = (flat(case.call_with({i: x})) for x in (u, v, 2 * u + v))
        ct = flat(cts)
        size = float(np.abs(ct) @ (2 * np.abs(of_u) + np.abs(of_v) + np.abs(of_sum) + 3 * np.abs(constant)))
        apart = float(ct @ (2 * (of_u - constant) + of_v - constant))
        numbers = ("<ct, f(2 u + v)>", float(ct @ (of_sum - constant))), ("<ct, 2 f(u) + f(v)>", apart)
        compare(f"{case.name(i)} is not linear", *numbers, size, rtol)
        reverse = flat([case.vjp(cts, [i])[i]]) * flat([v])
        size = float(np.abs(reverse).sum() + np.abs(ct) @ (np.abs(of_v) + np.abs(constant)))
        numbers = ("<ct, f(v)>", float(ct @ (of_v - constant))), ("<vjp(ct), v>", float(reverse.sum()))
        compare(f"{case.name(i)}: the vjp is not the adjoint", *numbers, size, rtol)


def check_second_order(op: Op, *args: Any, seed: int = 0, smooth: bool = True, **static: Any) -> None:
    """Check the derivatives of an op's vjp and of its jvp, which are ops themselves.

    Parameters
    ----------
    op : Op
        What is checked.
    *args, **static
        What it is called with.
    seed : int
        Seed of the random directions.
    smooth : bool
        False leaves central differences out, for arguments at a kink.

    Raises
    ------
    AssertionError
        If a second derivative is wrong.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.testing.check_second_order(wk.ops.sin, np.array([0.5, 1.0]))
    """
    case = Case.of(op, args, static, seed)
    pattern = tuple(i in case.differentiable for i in range(len(case.arrays)))
    if not any(pattern):
        return
    cts = [case.random_like(out) for out in case.call(case.arrays)]
    tangents = [case.random_like(case.arrays[i]) for i in case.differentiable]
    for derived, vectors in ((op.vjp.of(pattern, len(cts)), cts), (op.jvp.of(pattern), tangents)):
        arrays = (*vectors, *case.arrays)
        if smooth:
            check_jvp(derived, *arrays, seed=seed + 1, **case.static)
        check_vjp(derived, *arrays, seed=seed + 1, **case.static)
        check_adjoint(derived, *arrays, seed=seed + 1, **case.static)


def check_op(op: Op, *args: Any, seed: int = 0, smooth: bool = True, **static: Any) -> None:
    """Check everything about an op: spec, jvp, vjp, adjointness, second order.

    Parameters
    ----------
    op : Op
        What is checked.
    *args, **static
        What it is called with; the op's own samples where nothing is given.
    seed : int
        Seed of the random directions.
    smooth : bool
        False leaves central differences out, for arguments at a kink.

    Raises
    ------
    AssertionError
        If a check fails.
    ValueError
        If no arguments are given and the op has no samples.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.testing.check_op(wk.ops.multiply, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    """
    if not args and not static:
        samples = op.draw_samples(np.random.default_rng(seed))
        if not samples:
            raise ValueError(f"args: expected arguments, for op {op.name!r} has no samples")
        for sample in samples:
            check_op(op, *sample.arrays, seed=seed, smooth=smooth and sample.smooth, **sample.static)
        return
    check_spec(op, *args, **static)
    if smooth:
        check_jvp(op, *args, seed=seed, **static)
    check_vjp(op, *args, seed=seed, **static)
    check_adjoint(op, *args, seed=seed, **static)
    check_second_order(op, *args, seed=seed, smooth=smooth, **static)
