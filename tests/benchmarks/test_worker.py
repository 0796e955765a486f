import time
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.cases import Case
from benchmarks.libraries import COPY, REFERENCE, Job, load
from benchmarks.worker import READY, UNSUPPORTED, prepare, time_round

CASE = Case("warp_affine", ("theta",), (1, 1, 64, 64))


@pytest.fixture
def folder(tmp_path):
    """Where warpkit left its results for CASE."""
    job, answer = prepare(load(REFERENCE), REFERENCE, CASE, tmp_path)
    assert job is not None
    assert answer.state == READY
    assert answer.bytes_moved == 4 * (3 * 64 * 64 + 2 * 6)  # image, ct_out and out; theta and its gradient
    return tmp_path


def changed(change):
    """An adapter that does what warpkit does and then spoils it."""

    def make_job(case, inputs):
        job = load(REFERENCE).make_job(case, inputs)
        return Job(job.run, lambda returned: change(job.results(returned)))

    return SimpleNamespace(make_job=make_job)


def test_the_same_results_are_timed(folder):
    job, answer = prepare(changed(lambda results: results), "torch", CASE, folder)
    assert job is not None
    assert answer.state == READY
    assert answer.differences == {"out": 0.0, "ct_theta": 0.0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda results: results | {"out": np.roll(results["out"], 1, axis=-1)}, "mismatch: out differs by"),
        (lambda results: results | {"out": results["out"] * np.nan}, "mismatch: out differs by nan"),
        (lambda results: results | {"out": results["out"][0]}, "mismatch: out differs by inf"),
        (lambda results: results | {"ct_theta": -results["ct_theta"]}, "mismatch: ct_theta differs by 2,"),
    ],
)
def test_other_results_are_named_and_not_timed(folder, change, said):
    job, answer = prepare(changed(change), "torch", CASE, folder)
    assert job is None
    assert answer.state.startswith(said)


def test_what_a_library_does_not_do(folder):
    job, answer = prepare(SimpleNamespace(make_job=lambda case, inputs: None), "torch", CASE, folder)
    assert job is None
    assert answer.state == UNSUPPORTED


def test_the_copy_reads_and_writes_as_much_as_the_output(folder):
    _, answer = prepare(load(COPY), COPY, CASE, folder)
    assert answer.state == READY
    assert answer.bytes_moved == 2 * 4 * 64 * 64


def test_a_round_is_the_median_call():
    """Every third call takes long: the mean would be a third of 30 ms, the median is next to nothing."""
    calls = []

    def run():
        calls.append(None)
        time.sleep(0.03 if len(calls) % 3 == 0 else 0.0)

    assert time_round(run) < 0.005
    assert len(calls) >= 3


def test_a_long_call_is_made_once():
    calls = []

    def run():
        calls.append(None)
        time.sleep(0.06)

    assert time_round(run) >= 0.06
    assert len(calls) == 1
