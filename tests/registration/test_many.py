"""Many registrations answer like one by one, whoever does them; and what fails stands in its place."""

import inspect
import itertools
import multiprocessing
import pickle
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import warpkit as wk
from warpkit.registration import FailedRegistration, _many, register, register_many

from .pictures import seen_through, texture

SHAPE = (150, 170)
OPTIONS = {"transform": "affine", "init": "identity"}


def pairs(count):
    moving = texture(SHAPE)
    for i in range(count):
        shift = np.array([[1.0, 0, i - 1.3], [0, 1, 0.4], [0, 0, 1]])
        yield seen_through(shift, moving), moving


def bits(result):
    """All that a result says."""
    numbers = (result.metric, result.overlap, result.agreement, result.history)
    arrays = (result.transform.theta, result.warped, result.coverage)
    return [x.tobytes() for x in arrays], numbers, result.converged, result.reason, result.start


@pytest.fixture
def answering(monkeypatch):
    """Puts a function of (fixed, moving) in the place of `register`, which takes its options."""

    def replace(answer):
        def fake(fixed, moving, transform="affine"):
            return answer(fixed, moving)

        monkeypatch.setattr(_many, "register", fake)

    return replace


@pytest.fixture(params=["none", "threads"])
def executor(request):
    if request.param == "none":
        yield None
    else:
        with ThreadPoolExecutor(3) as threads:
            yield threads


# ---- the same answers --------------------------------------------------------------------------------------


def test_the_same_bits_as_one_by_one(executor):
    alone = [bits(register(fixed, moving, **OPTIONS)) for fixed, moving in pairs(5)]
    together = register_many(pairs(5), executor=executor, progress=False, **OPTIONS)
    assert [bits(result) for result in together] == alone


def test_features_in_threads():
    """Their samples are drawn from the same seed in every thread."""
    pytest.importorskip("skimage", reason="features are scikit-image's")
    some = list(pairs(3))
    alone = [bits(register(*pair, init="features")) for pair in some]
    with ThreadPoolExecutor(3) as threads:
        together = list(register_many(some, executor=threads, progress=False, init="features"))
    assert [bits(result) for result in together] == alone


def test_processes():
    """What comes back has gone through a pickle. Failures do so, too, and what cannot be sent is one."""
    some = [*pairs(2), (np.zeros(SHAPE), np.zeros(SHAPE)), {"fixed": threading.Lock(), "moving": None}]
    alone = [bits(register(*pair, **OPTIONS)) for pair in some[:2]]
    context = multiprocessing.get_context("spawn")  # a fork would inherit this process's threads
    one_thread = {"initializer": wk.set_num_threads, "initargs": (1,)}
    with ProcessPoolExecutor(1, mp_context=context, **one_thread) as processes:
        results = list(register_many(some, executor=processes, progress=False, **OPTIONS))
    assert [bits(result) for result in results[:2]] == alone
    assert [result.error for result in results[2:]] == ["ValueError", "TypeError"]
    assert "constant" in results[2].message
    assert "pickle" in results[3].message


def test_dask():
    distributed = pytest.importorskip("distributed", reason="one more executor")
    alone = [bits(register(fixed, moving, **OPTIONS)) for fixed, moving in pairs(3)]
    with distributed.Client(processes=False, dashboard_address=None, n_workers=1) as client:
        results = list(register_many(pairs(3), executor=client.get_executor(), progress=False, **OPTIONS))
    assert [bits(result) for result in results] == alone


@pytest.mark.parametrize("transform", ["translation", "rigid", "similarity", "affine", "projective"])
def test_results_survive_pickling(transform):
    fixed, moving = next(pairs(1))
    result = register(fixed, moving, transform, init="identity")
    again = pickle.loads(pickle.dumps(result))
    points = np.array([[3.0, 4.0], [100.0, 50.0]])
    np.testing.assert_array_equal(again.transform(points), result.transform(points))
    np.testing.assert_array_equal(again.inverse(points), result.inverse(points))
    np.testing.assert_array_equal(again.warped, result.warped)
    np.testing.assert_array_equal(again.coverage, result.coverage)
    assert again.transform.frame == result.transform.frame
    assert (again.agreement, again.history) == (result.agreement, result.history)
    assert repr(again) == repr(result)


def test_arguments_of_a_pair_go_before_the_common_ones():
    fixed, moving = next(pairs(1))
    rigid = {"fixed": fixed, "moving": moving, "transform": "rigid"}
    results = register_many([rigid, (fixed, moving), np.stack([fixed, moving])], progress=False, **OPTIONS)
    assert [type(result.transform) for result in results] == [wk.Rigid, wk.Affine, wk.Affine]


# ---- order and memory --------------------------------------------------------------------------------------


def test_results_are_in_the_order_of_the_pairs(answering):
    """Though the first ones take longest."""
    answering(lambda fixed, moving: time.sleep(0.02 * (5 - fixed)) or fixed)
    with ThreadPoolExecutor(5) as threads:
        results = register_many(((i, i) for i in range(6)), executor=threads, progress=False)
        assert list(results) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("progress", [False, True])
def test_pairs_are_taken_as_they_are_needed(answering, executor, progress):
    """Of an iterable without end."""
    answering(lambda fixed, moving: fixed)
    taken = itertools.count()
    results = register_many(((i, i) for i in taken), executor=executor, buffersize=4, progress=progress)
    assert list(itertools.islice(results, 10)) == list(range(10))
    results.close()
    assert next(taken) == (10 if executor is None else 13)


class Idle(Executor):
    """Works on nothing but the first of what it is given."""

    def __init__(self):
        self.futures = []

    def submit(self, function, *args, **kwargs):
        future = Future()
        if not self.futures:
            future.set_result(function(*args, **kwargs))
        self.futures.append(future)
        return future


def test_what_is_not_asked_for_is_given_up(answering):
    answering(lambda fixed, moving: fixed)
    idle = Idle()
    results = register_many(((i, i) for i in range(9)), executor=idle, buffersize=3, progress=False)
    assert not idle.futures
    assert next(results) == 0
    results.close()
    assert [future.cancelled() for future in idle.futures] == [False, True, True]


# ---- failures ----------------------------------------------------------------------------------------------


def test_one_bad_pair_does_not_end_the_others(executor):
    good = next(pairs(1))
    bad = [
        (good[0], np.zeros(SHAPE)),
        (good[0], good[1][None, None]),
        good[0],
        None,
        {"fixed": good[0]},
        {"fixed": good[0], "moving": good[1], "transform": "elastic"},
    ]
    some = [x for pair in bad for x in (pair, good)]
    results = list(register_many(some, executor=executor, progress=False, **OPTIONS))
    assert all(result.converged for result in results[1::2])
    failures = results[::2]
    assert all(isinstance(failure, FailedRegistration) and not failure for failure in failures)
    errors = ["ValueError", "ValueError", "TypeError", "TypeError", "TypeError", "ValueError"]
    assert [failure.error for failure in failures] == errors
    assert "not constant" in failures[0].message
    assert "(fixed, moving)" in failures[2].message
    assert "'moving'" in failures[4].message
    assert "elastic" in failures[5].message


def test_an_interruption_ends_them(answering, executor):
    """Wherever it is noticed."""
    done = []

    def answer(fixed, moving):
        if fixed == 2:
            raise KeyboardInterrupt
        done.append(fixed)
        return fixed

    answering(answer)
    results = register_many(((i, i) for i in range(100)), executor=executor, buffersize=4, progress=False)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert list(results) == []
    assert len(done) <= 6


def test_an_executor_without_workers_is_no_failure_of_a_pair():
    class Broken(Executor):
        def submit(self, function, *args, **kwargs):
            future = Future()
            future.set_exception(BrokenExecutor("a worker died"))
            return future

    with pytest.raises(BrokenExecutor, match="a worker died"):
        list(register_many([(1, 2)], executor=Broken(), progress=False))


def test_an_exception_of_the_pairs_is_theirs(executor):
    def reading():
        yield next(pairs(1))
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        list(register_many(reading(), executor=executor, progress=False, **OPTIONS))


# ---- progress and arguments --------------------------------------------------------------------------------


def test_a_bar(answering, executor, capsys):
    pytest.importorskip("tqdm")
    answering(lambda fixed, moving: fixed)
    assert list(register_many([(i, i) for i in range(3)], executor=executor)) == [0, 1, 2]
    assert "3/3" in capsys.readouterr().err
    assert list(register_many(((i, i) for i in range(3)), executor=executor)) == [0, 1, 2]
    assert "3 pairs" in capsys.readouterr().err
    assert list(register_many([(1, 1)], executor=executor, progress=False)) == [1]
    assert capsys.readouterr().err == ""


def test_without_tqdm_there_is_no_bar(answering, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    answering(lambda fixed, moving: fixed)
    assert list(register_many([(1, 1)])) == [1]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"tolerence": 0.1}, TypeError, "options: got an unexpected keyword argument 'tolerence'"),
        ({"moving": 0.1}, TypeError, "options: multiple values for argument 'moving'"),
        ({"buffersize": 0}, ValueError, "buffersize: expected a whole number of at least 1"),
        ({"executor": 4}, TypeError, "executor: expected an executor"),
    ],
)
def test_wrong_arguments_are_errors_at_once(arguments, error, message):
    with pytest.raises(error, match=message):
        register_many([], **arguments)


def test_nothing_to_do(executor):
    assert list(register_many([], executor=executor, progress=False)) == []


def test_no_option_of_register_is_taken():
    """Else it would not reach `register`."""
    own = set(inspect.signature(register_many).parameters)
    assert own.isdisjoint(inspect.signature(register).parameters)
