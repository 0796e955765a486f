"""warpkit: the op, and for gradients its vjp, on plain arrays as a framework would call them."""

from __future__ import annotations

from typing import Any

import numpy as np

import warpkit as wk
from benchmarks.cases import Case
from benchmarks.libraries import Inputs, Job

ARGUMENTS = {
    "grid_sample": ("image", "grid"),
    "warp_affine": ("image", "theta"),
    "warp_tps": ("image", "theta", "control_points"),
}


def version() -> str:
    return wk.__version__


def set_num_threads(number: int) -> None:
    wk.set_num_threads(number)


def make_job(case: Case, inputs: Inputs) -> Job:
    op = getattr(wk, case.op)
    arguments = [inputs[name] for name in ARGUMENTS[case.op]]
    if not case.gradients:
        return Job(lambda: op(*arguments), lambda out: {"out": out})
    ct_out, needs = inputs["ct_out"], (*case.needs, False)[: len(arguments)]

    def run() -> Any:
        return op(*arguments), op.vjp(ct_out, *arguments, needs=needs)

    def results(returned: Any) -> dict[str, np.ndarray]:
        out, cotangents = returned
        named = zip(ARGUMENTS[case.op], cotangents, strict=True)
        return {"out": out} | {f"ct_{name}": ct for name, ct in named if ct is not None}

    return Job(run, results)
