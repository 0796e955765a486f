"""Memory that is used again never shows: no two arrays that live share any, and views keep theirs."""

import copy
import gc
import io
import itertools
import mmap
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import warpkit as wk
from warpkit._core import _large_arrays, _native
from warpkit._core._large_arrays import LARGEST, MOST_BYTES, MOST_KEPT, SMALLEST, empty, release

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NumPy allocates elsewhere")

MIB = 2**20


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    """Blocks of few pages, so that the tests need little memory."""
    monkeypatch.setattr(_large_arrays, "SMALLEST", MIB)
    monkeypatch.setattr(_large_arrays, "LARGEST", 64 * MIB)
    release()
    yield
    release()


def of_size(size):
    return empty((size // 8,), np.float64)


def address(array):
    return array.ctypes.data


def kept_bytes():
    return sum(len(block) for block in _large_arrays._kept)


# ---- one array ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "uint8", "int16"])
@pytest.mark.parametrize("shape", [(2**22,), (1, 3, 1024, 1025), (2, 1, 77, 123, 129)])
def test_it_is_a_plain_array(shape, dtype):
    array = empty(shape, dtype)
    assert type(array) is np.ndarray
    assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert address(array) % 64 == 0
    array[...] = 1
    assert array.sum(dtype=np.float64) == array.size


@pytest.mark.parametrize("shape", [(), (0,), (0, 2**40), (5,), (MIB // 8 - 1,), (64 * MIB // 8 + 1,)])
def test_numpy_allocates_other_sizes(shape):
    assert empty(shape, np.float64).base is None


def test_copies_and_files():
    array = of_size(MIB)
    array[:] = np.arange(array.size)
    file = io.BytesIO()
    np.save(file, array)
    file.seek(0)
    copies = [pickle.loads(pickle.dumps(array)), copy.copy(array), copy.deepcopy(array), np.load(file)]
    copies += [np.resize(array, array.shape), np.array(array)]
    for other in copies:
        assert not np.shares_memory(array, other)
        np.testing.assert_array_equal(array, other)


def test_torch_keeps_the_memory():
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(of_size(MIB)).fill_(3.0)[5:]
    gc.collect()
    of_size(MIB).fill(7.0)
    assert (tensor == 3.0).all()


def test_tracemalloc_sees_it():
    tracemalloc.start()
    try:
        array = of_size(2 * MIB)
        traced = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert array.nbytes <= traced < array.nbytes + MIB // 2


# ---- what is used again ------------------------------------------------------------------------------------


def test_memory_is_used_again():
    array = of_size(4 * MIB)
    first = address(array)
    assert address(of_size(4 * MIB)) != first
    del array
    release()
    array = of_size(4 * MIB)
    first = address(array)
    del array
    assert address(of_size(3 * MIB)) == first
    assert address(of_size(4 * MIB)) == first


@pytest.mark.parametrize(("size", "fits"), [(8, True), (4, True), (3, False), (10, False)])
def test_a_block_is_at_most_twice_the_array(size, fits):
    array = of_size(8 * MIB)
    block = array.base._block
    del array
    assert (of_size(size * MIB).base._block is block) == fits


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[3:9],
        lambda a: a.reshape(2, -1).T[5],
        lambda a: a.view(np.uint8)[:64],
        lambda a: memoryview(a)[1:7],
        lambda a: np.broadcast_to(a[:1], (3, 4)),
        lambda a: np.lib.stride_tricks.as_strided(a, (5,), (16,)),
        iter,
        lambda a: np.frombuffer(a, np.uint8),
    ],
)
def test_a_view_keeps_the_memory(view):
    array = of_size(2 * MIB)
    block = array.base._block
    kept = view(array)
    del array
    gc.collect()
    others = [of_size(2 * MIB) for _ in range(3)]
    assert all(other.base._block is not block for other in others)
    del kept
    assert block in _large_arrays._kept


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 5)), max_size=40))
def test_live_arrays_share_nothing(steps):
    """Each array holds a number of its own from its first to its last byte, whatever comes and goes."""
    live = {}
    for number, (size, victim) in enumerate(steps):
        array = of_size(size * MIB // 2)  # some of them NumPy's
        array[[0, -1]] = number
        array[array.size // 2] = number
        live[number] = array
        if victim < len(live):
            live.pop(list(live)[victim])
        del array
        spans = sorted((address(a), address(a) + a.nbytes) for a in live.values())
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
        assert len(_large_arrays._kept) <= MOST_KEPT
    for number, array in live.items():
        assert array[0] == array[-1] == array[array.size // 2] == number


def test_what_is_kept_is_bounded():
    arrays = [of_size(size * MIB) for size in (1, 5, 9, 64, 64, 2, 30, 3, 3, 12)]
    arrays.clear()
    assert len(_large_arrays._kept) == MOST_KEPT
    release()
    sizes = [LARGEST // 2, LARGEST // 4, LARGEST // 2, LARGEST // 2, LARGEST // 2]  # never written: no memory
    arrays = [_large_arrays._Loan(_large_arrays._new_block(size), (1,), np.dtype("u1")) for size in sizes]
    arrays.clear()
    assert MOST_BYTES - LARGEST // 4 <= kept_bytes() <= MOST_BYTES
    release()
    assert kept_bytes() == 0


def test_what_is_kept_is_lent():
    """LazyFree is what the system may take when memory runs short (`man 5 proc`)."""
    rollup = Path("/proc/self/smaps_rollup")
    if not rollup.is_file():
        pytest.skip("the system does not tell")

    def lent():
        return 1024 * int(re.search(r"LazyFree: +(\d+) kB", rollup.read_text())[1])

    array, before = of_size(32 * MIB), lent()
    array.fill(1)
    assert lent() <= before
    del array
    assert lent() - before >= 0.9 * kept_bytes() > 0


def test_what_cannot_be_lent_is_not_kept(monkeypatch):
    monkeypatch.setattr(_large_arrays._Loan.__del__, "__defaults__", (_large_arrays._kept, 12345, MOST_BYTES))
    array = of_size(2 * MIB)
    del array
    assert not _large_arrays._kept


def test_no_memory(monkeypatch):
    """What is kept is given back, and NumPy says what is missing."""
    waiting = of_size(2 * MIB)
    del waiting

    def refuse(*args, **kwargs):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(mmap, "mmap", refuse)
    assert of_size(8 * MIB).base is None
    assert not _large_arrays._kept


# ---- threads, processes, the end ---------------------------------------------------------------------------


def test_threads():
    """Arrays come and go in all of them, some by garbage collection."""

    def work(seed):
        rng = np.random.default_rng(seed)
        live = []
        for number in range(200):
            array = of_size(int(rng.integers(1, 4)) * MIB)
            array[::4096] = seed * 1000 + number
            cycle = [array]
            cycle.append(cycle)
            live.append((array, seed * 1000 + number))
            if len(live) > 2:
                kept, value = live.pop(int(rng.integers(3)))
                if not (kept[::4096] == value).all():
                    return False
            del array, cycle
        return all((array[::4096] == value).all() for array, value in live)

    threshold = gc.get_threshold()
    gc.set_threshold(5)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(8)))
    finally:
        gc.set_threshold(*threshold)
    assert len(_large_arrays._kept) <= MOST_KEPT


def run(script):
    """What a script prints, in a process of its own, of which nothing else is heard."""
    package = str(Path(next(iter(wk.__path__))).parent)
    environ = os.environ | {"PYTHONPATH": package}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_fork():
    """Parent and child go on with copies of their own, of arrays and of what waits."""
    script = f"""
import os, warnings
import numpy as np
from warpkit._core._large_arrays import empty
shape = ({SMALLEST // 8},)
live, waiting = empty(shape, float), empty(shape, float)
live[:], waiting[:] = 1, 2
del waiting
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of threads, which here are NumPy's
    child = os.fork()
own = empty(shape, float)
for turn in range(20):
    own[:] = value = turn + (100 if child else 200)
    assert (live == 1).all() and (own == value).all()
    del own
    own = empty(shape, float)
if child:
    _, status = os.waitpid(child, 0)
    print(status)
else:
    os._exit(0)
"""
    assert run(script).split() == ["0"]


def test_exit():
    """Arrays that live to the end, wherever they are held, leave in silence."""
    script = f"""
import builtins, sys, threading
import numpy as np
import warpkit
from warpkit._core import _large_arrays
new = lambda: _large_arrays.empty(({SMALLEST // 8},), float)
mine = new()
builtins.held, sys.held, np.held, warpkit.held, _large_arrays.held = new(), new(), new(), new(), new()
cycle = [new()]; cycle.append(cycle)
class Late:
    array = new()
    def __del__(self): self.array = None
late = Late()
event = threading.Event()
threading.Thread(target=lambda array: event.wait(), args=(new(),), daemon=True).start()
"""
    assert run(script) == ""


# ---- the ops -----------------------------------------------------------------------------------------------

needs_kernels = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)


@needs_kernels
@pytest.mark.parametrize("boundary", ["constant", "border", "wrap"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_results_are_written_all_over(monkeypatch, boundary, dtype):
    """What was in the memory before does not show: not outside the image, nor with a batch that is shared."""
    rng = np.random.default_rng(0)
    image = rng.standard_normal((1, 2, 40, 50)).astype(dtype)
    theta = np.array([[[1.7, -1.0, 0.1], [1.2, 1.4, -0.3]], [[9.0, 0.0, 30.0], [0.0, 9.0, 30.0]]], np.float32)
    shape = (70, 90)
    grid = wk.affine_grid(theta, shape)
    ct_out = rng.standard_normal((2, 2, *shape)).astype(dtype)

    def results():
        options = {"boundary": boundary}
        yield wk.grid_sample(image, grid, **options)
        yield from wk.grid_sample.vjp(ct_out, image, grid, **options)
        yield wk.grid_sample.jvp((image, grid), image, grid, **options)
        yield wk.grid_push(ct_out, grid, (40, 50), **options)
        yield from wk.grid_push.vjp(np.tile(image, (2, 1, 1, 1)), ct_out, grid, (40, 50), **options)
        yield wk.warp_affine(image, theta, shape, **options)
        yield from wk.warp_affine.vjp(ct_out, image, theta, shape, **options)
        yield wk.warp_affine.jvp((image, theta), image, theta, shape, **options)

    expected = list(results())
    used = []

    def soiled(shape, dtype):
        array = np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 77, dtype)
        used.append(array)
        return array

    monkeypatch.setattr(_large_arrays, "empty", soiled)
    for found, correct in zip(results(), expected, strict=True):
        np.testing.assert_array_equal(found, correct)
    assert len(used) >= 7


@needs_kernels
def test_ops_use_memory_again():
    image = np.random.default_rng(0).random((1, 1, 600, 600), np.float32)
    theta = np.eye(2, 3, dtype=np.float32)[None]
    first = address(wk.warp_affine(image, theta))
    grid = wk.affine_grid(theta, (600, 600))
    for op, arguments in ((wk.warp_affine, (image, theta)), (wk.grid_sample, (image, grid))):
        assert address(op(*arguments)) == first
        assert address(op.jvp((image, None), *arguments)) == first
    kept = wk.warp_affine(image, theta)
    assert address(wk.warp_affine(1 - image, theta)) != address(kept)
    np.testing.assert_array_equal(kept, image)
