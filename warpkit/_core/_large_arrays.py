"""Memory of large arrays, which is used again.

A system clears the pages that it hands out, and an allocator hands them back soon: glibc maps each array
of 32 MiB anew, and gives what lies free above smaller ones back whenever it is twice the largest. Clearing
can take as long as the warp that writes the pages. So a large result lies in a block of memory that comes
back here when the last view of it is gone, and the next result of about that size is written there.
Meanwhile the block is lent to the system (MADV_FREE), which takes its pages where memory runs short.

There is no lock, because a block may come back at any instruction, in any thread: garbage collection frees
arrays too. Each step on the deque is whole by itself. A forked child has copies of all blocks.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import sys
import tracemalloc
from collections import deque
from typing import Any

import numpy as np

SMALLEST = 2**22
LARGEST = 2**29
"""Bytes of arrays that lie in such memory."""
MOST_KEPT, MOST_BYTES = 8, 2**30
"""Blocks that wait to be used again, and their bytes. What comes beyond takes the place of the oldest."""

_HUGE_PAGE = 2**21
_MADV_FREE = 8  # Linux's; `mmap` has it only where Python was built with headers that do

_kept: deque[mmap.mmap] = deque(maxlen=MOST_KEPT)


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Like ``np.empty``, for what is written all over.

    An array of `SMALLEST` to `LARGEST` bytes may lie in memory of an earlier one. Like any view it then
    cannot be resized in place (`ndarray.resize`). While tracemalloc traces, NumPy allocates, and is seen.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if sys.platform == "linux" and SMALLEST <= size <= LARGEST and not tracemalloc.is_tracing():
        block = _kept_block(size) or _new_block(size)
        if block is not None:
            return np.asarray(_Loan(block, shape, dtype))
    return np.empty(shape, dtype)


def zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Like ``np.zeros``, in such memory."""
    array = empty(shape, dtype)
    array.fill(0)
    return array


def release() -> None:
    """Give all memory that is kept back to the system."""
    _kept.clear()


if sys.platform == "linux":  # elsewhere it is not known to help, and Windows has none of it

    class _Loan:
        """What an array and its views hold on to while they use a block."""

        __slots__ = ("__array_interface__", "_block")

        def __init__(self, block: mmap.mmap, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
            self._block = block
            address = np.frombuffer(block, np.uint8).ctypes.data
            self.__array_interface__ = {
                "version": 3,
                "shape": shape,
                "typestr": dtype.str,
                "data": (address, False),
            }

        # At exit the module's own names may be gone before the last array is.
        def __del__(
            self, kept: deque[mmap.mmap] = _kept, lend: int = _MADV_FREE, most_bytes: int = MOST_BYTES
        ) -> None:
            try:
                self._block.madvise(lend)
                kept.append(self._block)
                while sum(map(len, kept)) > most_bytes:
                    kept.popleft()
            except OSError:  # what cannot be lent is not kept
                pass
            except (IndexError, RuntimeError):  # others came and went meanwhile, and count themselves
                pass

    def _kept_block(size: int) -> mmap.mmap | None:
        """A block for `size` bytes that is at most twice as large, or None."""
        for _ in range(MOST_KEPT):
            try:
                block = _kept.pop()
            except IndexError:
                return None
            if size <= len(block) <= 2 * size:
                return block
            _kept.appendleft(block)
        return None

    def _new_block(size: int) -> mmap.mmap | None:
        """Fresh memory for `size` bytes in whole huge pages; None where there is none."""
        try:
            block = mmap.mmap(
                -1, -(-size // _HUGE_PAGE) * _HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            )
        except OSError:
            release()
            return None
        with contextlib.suppress(OSError):  # a system without huge pages
            block.madvise(mmap.MADV_HUGEPAGE)
        return block
