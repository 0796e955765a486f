"""Threads, processes and signals: no hang, no crash, and the same bits everywhere."""

import json
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import warpkit as wk
from warpkit._core import _native, _threads

needs_kernels = pytest.mark.skipif(_native.load().library is None, reason=_native.load().reason)
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="has neither fork nor POSIX signals")
counts_threads = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir() or _native.load().library is None,
    reason="needs compiled kernels, and a system that lists a process's threads",
)

LONGEST = 300  # seconds; what takes longer hangs, however busy the machine is

COMMON = """
import hashlib, json, multiprocessing, os, signal, sys, threading, time, traceback
import numpy as np
import warpkit as wk

image = np.random.default_rng(0).random((2, 3, 64, 64), np.float32)
grid = wk.identity_grid((150, 100), dtype="float32") ** 3 * np.float32(1.2)

def bits(_=None):
    wk.set_num_threads(4)
    out = wk.grid_sample(image, grid)
    cotangents = wk.grid_sample.vjp(out, image, grid)
    return hashlib.sha256(b"".join(array.tobytes() for array in (out, *cotangents))).hexdigest()

def threads():
    return len(os.listdir("/proc/self/task"))

def endless():
    while True:
        bits()
"""


def run(tmp_path, source, *arguments):
    """What a script prints as JSON in its last line, in a process of its own."""
    script = tmp_path / "script.py"
    script.write_text(COMMON + source)
    package = str(Path(next(iter(wk.__path__))).parent)
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", str(script), *arguments]
    environ = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=LONGEST)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr  # also of what Python ignores, but tells
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The bits that one thread gives."""
    source = "wk.set_num_threads(1); wk.set_num_threads = lambda n: None; print(json.dumps(bits()))"
    return run(tmp_path_factory.mktemp("expected"), source)


POOL_OF_PROCESSES = """
if __name__ == "__main__":
    found = [bits()]
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        found += pool.map(bits, range(4))
    print(json.dumps([*found, bits()]))
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_multiprocessing(tmp_path, expected, method):
    assert run(tmp_path, POOL_OF_PROCESSES, method) == [expected] * 6


FORK_AMID_CALLS = """
bits()  # or a thread may be importing at the time of a fork; Python's lock of that stays locked in the child
for _ in range(3):
    threading.Thread(target=endless, daemon=True).start()
found = []
for _ in range(20):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, bits().encode())
        os._exit(0)
    os.wait()
    found.append(os.read(reader, 100).decode())
print(json.dumps(found), flush=True)
os._exit(0)
"""


@posix
def test_fork_while_other_threads_compute(tmp_path, expected):
    assert run(tmp_path, FORK_AMID_CALLS) == [expected] * 20


@posix
def test_fork_of_a_fork(tmp_path, expected):
    source = """
found = [bits()]
child = os.fork()
found.append(bits())
grandchild = os.fork()
if bits() != found[0] or bits() != found[1]:
    os._exit(1)
if grandchild:
    assert os.waitpid(grandchild, 0)[1] == 0
if not (child and grandchild):
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(json.dumps(found))
"""
    assert run(tmp_path, source) == [expected] * 2


EXITS = {
    "end of the script": "",
    "sys.exit": "sys.exit(0)",
    "a signal handler": "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); signal.raise_signal(15)",
}


@pytest.mark.parametrize("how", EXITS)
def test_exit_while_daemon_threads_compute(tmp_path, expected, how):
    source = f"""
print(json.dumps(bits()), flush=True)
for _ in range(2):
    threading.Thread(target=endless, daemon=True).start()
time.sleep(0.05)
{EXITS[how]}
"""
    assert run(tmp_path, source) == expected


def test_many_python_threads():
    rng = np.random.default_rng(1)
    images = rng.random((8, 1, 2, 40, 50))
    grid = wk.identity_grid((90, 80)) ** 3
    before = _threads._num_threads
    wk.set_num_threads(1)
    expected = [wk.grid_sample(image, grid) for image in images]
    try:
        wk.set_num_threads(3)

        def same(number):
            return all(
                np.array_equal(wk.grid_sample(images[number], grid), expected[number]) for _ in range(40)
            )

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(same, range(8)))
    finally:
        _threads._num_threads = before


def test_more_threads_than_processors(tmp_path, expected):
    source = "wk.set_num_threads(100); wk.set_num_threads = lambda n: None; print(json.dumps(bits()))"
    assert run(tmp_path, source) == expected


@counts_threads
def test_threads_are_kept_and_no_more_are_made(tmp_path):
    source = """
found = [threads()]
wk.set_num_threads(4)
wk.grid_sample(image[:1, :1], grid[:, :4, :4])
found.append(threads())
for _ in range(50):
    bits()
found.append(threads())
callers = [threading.Thread(target=lambda: [bits() for _ in range(5)]) for _ in range(8)]
for caller in callers:
    caller.start()
for caller in callers:
    caller.join()
end = time.monotonic() + 10
while threads() > found[-1] and time.monotonic() < end:  # the system lists a joined thread for a while yet
    time.sleep(0.001)
print(json.dumps([*found, threads()]))
"""
    first, after_small_work, after_work, in_the_end = run(tmp_path, source)
    assert after_small_work == first
    assert first < after_work <= first + 3
    assert in_the_end == after_work


INTERRUPTED = """
class Alarm(Exception):
    pass

def handler(number, frame):
    # A signal before or after the kernel proves nothing.
    if frame is not None and frame.f_code.co_name == "_answer":
        raise Alarm

def call_until_interrupted():
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    points = 2**20
    try:
        while points < 2**27:  # longer and longer, whatever the machine's speed
            wk.grid_sample(image[:1], np.broadcast_to(grid[:, :1, :1], (1, points, 1, 2)))
            points *= 2
    except Alarm:
        return True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return False

wk.set_num_threads(int(sys.argv[1]))
print(json.dumps([call_until_interrupted(), call_until_interrupted(), bits()]))
"""


@needs_kernels
@posix
@pytest.mark.parametrize("threads", [1, 3])
def test_a_signal_handler_that_raises_ends_a_call(tmp_path, expected, threads):
    assert run(tmp_path, INTERRUPTED, str(threads)) == [True, True, expected]


CTRL_C = """
def press():
    time.sleep(0.3)
    pressed.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

pressed, caught = [], None
points = np.zeros((1, 2**22, 1, 2), np.float32)
many = np.zeros((1, 8, 4, 4), np.float32)
wk.grid_sample(many, points)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
threading.Thread(target=press).start()
try:
    for _ in range(1000):
        wk.grid_sample(many, points)
except KeyboardInterrupt:
    caught = time.perf_counter() - pressed[0]
print(json.dumps([caught, bits()]))
"""


@needs_kernels
@posix
def test_ctrl_c(tmp_path, expected):
    seconds, bits = run(tmp_path, CTRL_C)
    assert seconds < 5  # 0.1 on an idle machine
    assert bits == expected
