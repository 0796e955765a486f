"""Signals during a long call: Ctrl-C stops a compiled kernel.

Python runs signal handlers in its main thread, between two instructions of Python code; while a kernel
runs there are none. So kernels ask now and then whether to go on, and what they ask is Python code.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Generator
from types import GeneratorType
from typing import cast

_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int32)


class Interruption:
    """What a kernel asks whether to go on.

    Attributes
    ----------
    function : C function without parameters
        Answers 0 to go on, 1 to stop. For the main thread.
    """

    def __init__(self) -> None:
        self._raised: BaseException | None = None
        self._stopped = False
        # A generator that is resumed, not a function that is called: signal handlers run where Python
        # code is entered, which in a function is before any `try` of its own, and in this one within.
        self._answers = cast("GeneratorType[int, None, None]", self._answer())
        next(self._answers)
        self.function = _FUNCTION(self._answers.__next__)

    def _answer(self) -> Generator[int, None, None]:
        try:
            while True:
                yield 0
        except GeneratorExit:  # this object is deleted
            return
        except BaseException as raised:
            self._raised, self._stopped = raised, True
            yield 1

    @property
    def ready(self) -> bool:
        """Whether a call may ask it: not while a handler runs amid another call, nor after an answer of 1."""
        return not (self._stopped or self._answers.gi_running)

    def take_raised(self) -> BaseException | None:
        """What a signal handler raised, if any did. It is forgotten: it refers to all that made the call."""
        raised, self._raised = self._raised, None
        return raised


_waiting = Interruption()


def main_thread_interruption() -> Interruption | None:
    """What a kernel called now may ask; None off the main thread, where no signal handlers run."""
    global _waiting
    if threading.current_thread() is not threading.main_thread():
        return None
    if not _waiting.ready:
        _waiting = Interruption()
    return _waiting
