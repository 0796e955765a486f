"""Many pairs of images: one after the other, or by an executor; what fails is a value among the results."""

from __future__ import annotations

import inspect
import operator
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warpkit._core import wrong_type, wrong_value
from warpkit._core._threads import usable_cpus

from ._register import register
from ._result import RegistrationResult

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future


@dataclass(frozen=True)
class FailedRegistration:
    """A registration that could not be made: falsy, and it says why.

    Not one that did not converge, which is a :class:`RegistrationResult`.

    Attributes
    ----------
    error : str
        The name of the exception's class.
    message : str
        What it says.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> constant = np.zeros((64, 64))
    >>> (result,) = wk.register_many([(constant, constant)], progress=False)
    >>> bool(result), result.error
    (False, 'ValueError')
    >>> result.message
    'fixed: expected an image that is not constant, given 0.0 everywhere'
    """

    error: str
    message: str

    def __bool__(self) -> bool:
        return False


Result = RegistrationResult | FailedRegistration
Results = Generator[Result, None, None]


def register_many(
    pairs: Iterable[Any],
    *,
    executor: Executor | None = None,
    buffersize: int | None = None,
    progress: bool = True,
    **options: Any,
) -> Iterator[RegistrationResult | FailedRegistration]:
    """Register one pair of images after the other, or several at a time; see :func:`register`.

    **Convention.** Results come in the order of the pairs, each with the bits of :func:`register` called with
    that pair alone. They are made as they are asked for: nothing happens before the first one is.

    Parameters
    ----------
    pairs : iterable
        Of pairs (fixed, moving), or of mappings with arguments of :func:`register`, `fixed` and `moving`
        among them, that go before `options`. It may be long, or without end: pairs are taken as they are
        needed, and pairs and results are not kept.
    executor : concurrent.futures.Executor, optional
        Does the work: threads, processes, or whatever else has this interface, such as that of
        ``dask.distributed.Client.get_executor()``. It is not shut down. Without it pairs are registered one
        after the other in this thread.
    buffersize : int, optional
        With an executor: how many pairs it is given at most whose results have not been asked for. Twice the
        number of this machine's processors by default; executors with more workers need more.
    progress : bool
        Whether to show a bar, if tqdm is installed (extra `progress`).
    **options
        Of :func:`register`, for all pairs.

    Returns
    -------
    iterator of RegistrationResult or FailedRegistration
        Where a registration raises an exception, a value that says which one stands in its place, and the
        others go on. An interruption (Ctrl-C), an exception of `pairs` itself and an executor whose workers
        died end them all; then, and when the iterator is closed, pairs that nobody works on are given up.

    Raises
    ------
    TypeError, ValueError
        At once, if :func:`register` has no such option, or another argument is wrong.

    Notes
    -----
    The default does without an executor because compiled kernels use all processors already, Ctrl-C ends them
    at once, and nothing is copied. The rest is Python's, on one processor; so workers gain something, in
    threads as in processes.

    *Threads* share this process's kernel threads: with w workers at most w +
    :func:`warpkit.get_num_threads` - 1 threads compute. *Processes* have kernel threads of their own, in each
    as many as there are processors: give them one, by ``ProcessPoolExecutor(initializer=wk.set_num_threads,
    initargs=(1,))``, or by ``WARPKIT_NUM_THREADS=1`` where workers are started. Images are sent to processes,
    and results sent back.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> moving = wk.warp(np.random.default_rng(0).random((30, 40)), wk.Affine.identity(2), (240, 320))
    >>> shifts = [wk.Translation(np.array([[dx, 1.0]]), frame="pixel") for dx in (-3.0, 2.0)]
    >>> pairs = ((wk.warp(moving, shift), moving) for shift in shifts)
    >>> with ThreadPoolExecutor(2) as executor:
    ...     for result in wk.register_many(pairs, executor=executor, transform="translation"):
    ...         print(result.transform.translation.round(1), result.converged)
    [[-3.  1.]] True
    [[2. 1.]] True
    """
    try:
        inspect.signature(register).bind(None, None, **options)
    except TypeError as error:
        raise TypeError(f"options: {error}") from None
    if buffersize is not None and (not isinstance(buffersize, int) or buffersize < 1):
        raise wrong_value("buffersize", "a whole number of at least 1", repr(buffersize))
    results: Results
    if executor is None:
        results = (_attempt(pair, options) for pair in pairs)
    elif hasattr(executor, "submit"):
        results = _submit(executor, pairs, options, buffersize or 2 * usable_cpus())
    else:
        raise wrong_type("executor", "an executor, as of concurrent.futures", executor)
    return _with_bar(results, operator.length_hint(pairs)) if progress else results


def _attempt(pair: Any, options: dict[str, Any]) -> Result:
    """One registration, in whatever thread or process."""
    try:
        return register(**{**options, **_arguments(pair)})
    except Exception as error:  # not KeyboardInterrupt, which is none
        return _failure(error)


def _arguments(pair: Any) -> dict[str, Any]:
    if isinstance(pair, Mapping):
        return dict(pair)
    try:
        fixed, moving = pair
    except (TypeError, ValueError):
        raise wrong_type("pairs", "pairs (fixed, moving), or mappings", pair) from None
    return {"fixed": fixed, "moving": moving}


def _failure(error: Exception) -> FailedRegistration:
    """Text alone: exceptions need not survive the way between processes."""
    return FailedRegistration(type(error).__name__, str(error))


def _submit(executor: Executor, pairs: Iterable[Any], options: dict[str, Any], buffersize: int) -> Results:
    """In order, with at most `buffersize` of them under way."""
    waiting: deque[Future[Result]] = deque()
    try:
        for pair in pairs:
            waiting.append(executor.submit(_attempt, pair, options))
            if len(waiting) == buffersize:
                yield _answer(waiting.popleft())
        while waiting:
            yield _answer(waiting.popleft())
    finally:
        for future in waiting:
            future.cancel()


def _answer(future: Future[Result]) -> Result:
    """What the executor says of a pair; that it could not be sent, say, is a failure, too."""
    from concurrent.futures import BrokenExecutor  # not with warpkit: it takes a while to load

    try:
        return future.result()
    except BrokenExecutor:  # all others fail like this one
        raise
    except Exception as error:  # whatever one pair raised there, the others go on
        return _failure(error)


def _with_bar(results: Results, total: int) -> Results:
    try:
        from tqdm import tqdm
    except ImportError:
        yield from results
        return
    with closing(results), tqdm(total=total or None, unit=" pairs") as bar:
        for result in results:
            bar.update()
            yield result
