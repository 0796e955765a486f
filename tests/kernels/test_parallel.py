"""The kernels' threads and memory, by a small library of their own: whatever no kernel shows from outside."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import warpkit
from warpkit._core._interruption import Interruption

THREADS = [1, 2, 7]
ASK = ctypes.CFUNCTYPE(ctypes.c_int32)

posix = pytest.mark.skipif(sys.platform == "win32", reason="has neither fork nor signals")


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    sources = [folder for entry in warpkit.__path__ if (folder := Path(entry, "kernels", "cpu")).is_dir()]
    compiler = shutil.which(os.environ.get("CXX", "") or "c++")
    if not sources or compiler is None or sys.platform == "win32":
        pytest.skip("needs the kernels' sources and a C++ compiler")
    library = tmp_path_factory.mktemp("driver") / "driver.so"
    files = [Path(__file__).with_name("parallel_driver.cpp"), sources[0] / "parallel.cpp"]
    options = ["-std=c++17", "-O1", "-pthread", "-shared", "-fPIC", f"-I{sources[0]}", "-o", library]
    subprocess.run([compiler, *options, *files], check=True)
    loaded = ctypes.CDLL(str(library))
    for function in ("nested", "pieces_until_interrupted", "out_of_memory"):
        getattr(loaded, function).restype = ctypes.c_int64
    return loaded


def many(*numbers):
    return [ctypes.c_int64(number) for number in numbers]


@pytest.mark.parametrize("threads", [*THREADS, 0, -3, 30])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 3000])
def test_every_piece_runs_once(driver, count, threads):
    times = np.zeros(count + 1, np.int32)
    driver.count_runs(*many(count, threads), times.ctypes.data_as(ctypes.c_void_p))
    np.testing.assert_array_equal(times, [1] * count + [0])


def test_all_threads_take_part(driver):
    for threads in (2, 5, 3):
        assert driver.takes_part(*many(threads))


def test_no_more_threads_than_allowed(driver):
    driver.takes_part(*many(6))
    assert driver.threads_of_a_call(*many(40, 3)) <= 3
    assert driver.threads_of_a_call(*many(5, 1)) == 1


def test_nested_calls_end(driver):
    assert driver.nested(*many(40, 4)) == sum(range(40)) ** 2


def test_calls_of_many_threads(driver):
    sums = []

    def call():
        sums.extend(driver.nested(*many(20, 1 + i % 5)) for i in range(50))

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sums == [sum(range(20)) ** 2] * 400


@pytest.mark.parametrize("by_worker", [False, True])
def test_what_a_body_throws_arrives(driver, by_worker):
    for _ in range(5):
        assert driver.what_a_body_throws_arrives(*many(10_000, 3), by_worker)
    assert driver.takes_part(*many(3))


@pytest.mark.parametrize("threads", THREADS)
def test_interruption(driver, threads):
    asked = []

    @ASK
    def stop_the_third_time():
        asked.append(time.perf_counter())
        return len(asked) == 3

    begun = driver.pieces_until_interrupted(*many(100_000, threads), stop_the_third_time)
    assert len(asked) == 3
    assert 1 <= begun < 100_000
    assert asked[1] - asked[0] > 0.04  # it is not asked after every piece


def test_a_short_call_does_not_ask(driver):
    assert driver.pieces_until_interrupted(*many(2, 1), ASK(lambda: 1)) == -1
    assert driver.pieces_until_interrupted(*many(100, 2), None) == -1


@posix
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # JAX's, where other tests imported it
def test_fork_amid_a_call(driver):
    """The child's half of the call cannot go on; its later calls can."""
    child = []

    @ASK
    def fork_once():
        if not child:
            child.append(os.fork())
            if child == [0]:
                signal.alarm(60)  # ends a child that hangs
        return 0

    outcome = driver.pieces_until_interrupted(*many(300, 3), fork_once)
    if child == [0]:
        os._exit(10 if outcome != -1 and driver.takes_part(*many(3)) else 11)
    assert os.waitstatus_to_exitcode(os.waitpid(child[0], 0)[1]) == 10
    assert outcome == -1


@posix
def test_what_a_signal_handler_raises_is_kept(driver):
    """It is raised neither in the callback, where it would be lost, nor before."""
    interruption, answers = Interruption(), []

    def handler(number, frame):
        answers.append(driver.answer_to_signal(0, interruption.function) if interruption.ready else "busy")
        if len(answers) == 2:
            raise TimeoutError("of the handler")

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        assert driver.answer_to_signal(signal.SIGUSR1, interruption.function) == 0
        assert interruption.ready
        assert driver.answer_to_signal(signal.SIGUSR1, interruption.function) == 1
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert answers == ["busy"] * 2
    assert not interruption.ready
    assert repr(interruption.take_raised()) == "TimeoutError('of the handler')"
    assert interruption.take_raised() is None


@pytest.mark.parametrize("threads", THREADS)
def test_memory_that_is_not_to_be_had(driver, threads):
    assert driver.out_of_memory(*many(10, threads)) == 0
    assert driver.out_of_memory(*many(2**50, threads)) == 2**53
    assert driver.out_of_memory(*many(2**62, threads)) == 2**63 - 1
