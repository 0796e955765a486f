import pytest

from benchmarks.cases import Case
from benchmarks.measure import Measurement
from benchmarks.report import run_record
from benchmarks.worker import READY, Prepared

pytest.importorskip("matplotlib")


def measured(side, seconds, gradients=(), angle=0.3):
    case = Case("warp_affine", gradients, (1, 1, side, side), angle)
    return Measurement(case, "warpkit", Prepared(READY), [seconds])


def test_sizes_and_threads():
    from benchmarks.plot import draw

    failed = Measurement(Case("warp_affine", (), (1, 1, 64, 64)), "torch", Prepared("failed"))
    found = [measured(2048, 4e-3), measured(1024, 1e-3), measured(1024, 5.0, angle=1.2), failed]
    runs = [
        run_record(found, threads=2, rounds=1, versions={}, missing={}),
        run_record([measured(1024, 2e-3)], threads=1, rounds=1, versions={}, missing={}),
    ]
    sizes, threads, *gradients = draw(runs).axes
    ((line,), (other,)) = sizes.lines, threads.lines
    assert list(line.get_xdata()) == [1024, 2048]
    assert list(line.get_ydata()) == pytest.approx([1e6 / 1024**2] * 2)  # ns per pixel
    assert list(other.get_xdata()) == [1, 2]
    assert list(other.get_ydata()) == pytest.approx([2.0, 1.0])  # ms
    assert not any(axes.lines for axes in gradients)
