"""Each library does warpkit's job, in warpkit's layout: what the ratios rest on."""

import numpy as np
import pytest

from benchmarks.agreement import difference, tolerance
from benchmarks.cases import Case, all_gradients, parameter_gradient
from benchmarks.inputs import make_inputs
from benchmarks.libraries import COPY, PEERS, REFERENCE, load

SHAPES = [(1, 1, 20, 20), (2, 3, 17, 24), (2, 2, 9, 10, 11)]
CASES = [
    Case(op, gradients, shape)
    for op in ("grid_sample", "warp_affine")
    for shape in SHAPES
    for gradients in ((), parameter_gradient(op), all_gradients(op))
] + [Case("warp_tps", ("theta",), (1, 1, 20, 20), control_points=16)]

DOES = {
    "torch": lambda case: case.op != "warp_tps",
    "opencv": lambda case: case.op != "warp_tps" and not case.gradients and case.shape in SHAPES[:1],
    "scipy": lambda case: case.op != "warp_tps" and not case.gradients,
    "scikit_image": lambda case: case.op == "warp_affine" and not case.gradients and case.ndim == 2,
    "kornia": lambda case: case.op != "grid_sample" and case.ndim == 2,
}
DONE = [
    pytest.param(name, case, id=f"{name}/{case.name}") for name in PEERS for case in CASES if DOES[name](case)
]


def adapter(name):
    try:
        return load(name)
    except ImportError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(("name", "case"), DONE)
def test_agrees_with_warpkit(name, case):
    inputs = make_inputs(case)
    job = adapter(name).make_job(case, inputs)
    ours = load(REFERENCE).make_job(case, make_inputs(case))
    expected, found = ours.results(ours.run()), job.results(job.run())
    assert found.keys() == expected.keys() == {"out", *(f"ct_{name}" for name in case.gradients)}
    for key, array in found.items():
        assert difference(array, expected[key]) <= tolerance(name, key), key


@pytest.mark.parametrize("name", [REFERENCE, *PEERS])
def test_a_job_can_be_repeated_and_leaves_its_inputs_alone(name):
    case = Case("warp_affine", (), (1, 3, 16, 16))
    inputs = make_inputs(case)
    job = adapter(name).make_job(case, inputs)
    first = {key: array.copy() for key, array in job.results(job.run()).items()}
    np.testing.assert_array_equal(job.results(job.run())["out"], first["out"])
    for key, array in make_inputs(case).items():
        np.testing.assert_array_equal(inputs[key], array)


@pytest.mark.parametrize("name", PEERS)
def test_the_rest_is_declined(name):
    library = adapter(name)
    library.set_num_threads(1)
    assert library.version()
    others = [case for case in CASES if not DOES[name](case)]
    assert [case.name for case in others if library.make_job(case, make_inputs(case)) is not None] == []


def test_the_copy_copies():
    case = CASES[0]
    inputs = make_inputs(case)
    job = load(COPY).make_job(case, inputs)
    job.run()
    assert job.results(None) == {}
