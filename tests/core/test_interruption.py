"""What kernels ask. That they do ask: tests/kernels, and test_threads_in_processes."""

import gc
import threading
import weakref

from warpkit._core._interruption import Interruption, main_thread_interruption


def test_goes_on():
    interruption = Interruption()
    assert [interruption.function() for _ in range(3)] == [0, 0, 0]
    assert interruption.ready
    assert interruption.take_raised() is None


def test_stops_and_keeps_what_was_raised():
    interruption = Interruption()
    raised = KeyboardInterrupt()
    assert interruption._answers.throw(raised) == 1  # as a signal handler does while it is resumed
    assert not interruption.ready
    assert interruption.take_raised() is raised
    assert interruption.take_raised() is None
    assert not interruption.ready


def test_deleted_without_a_word():
    """What a generator raises while it is deleted would be a warning, which here is an error."""
    interruption = Interruption()
    interruption.function()
    gone = weakref.ref(interruption)
    del interruption
    gc.collect()
    assert gone() is None


def test_one_object_serves_all_calls_until_one_is_interrupted():
    first = main_thread_interruption()
    assert main_thread_interruption() is first
    first._answers.throw(KeyboardInterrupt())
    second = main_thread_interruption()
    assert second is not first
    assert second.ready


def test_none_off_the_main_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(main_thread_interruption()))
    thread.start()
    thread.join()
    assert found == [None]
