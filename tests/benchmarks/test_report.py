import pytest

from benchmarks.cases import Case
from benchmarks.floors import Floor, check
from benchmarks.libraries import COPY, REFERENCE
from benchmarks.measure import Measurement
from benchmarks.report import block, ratio, share_of_copy
from benchmarks.worker import READY, Prepared

CASE = Case("warp_affine", (), (1, 1, 1000, 1000))
BYTES = 8_000_000
OURS = Measurement(CASE, REFERENCE, Prepared(READY, 4_000_000, BYTES), [0.002, 0.009, 0.001])
TORCH = Measurement(CASE, "torch", Prepared(READY, 5_000_000, BYTES, {"out": 1e-6}), [0.006] * 3)
SCIPY = Measurement(CASE, "scipy", Prepared("mismatch: out differs by 0.3, tolerance 0.001"))
COPIED = Measurement(CASE, COPY, Prepared(READY, None, BYTES), [0.0005] * 3)
ALL = [OURS, TORCH, SCIPY, COPIED]


def test_ratios_are_of_medians():
    assert ratio(TORCH, ALL) == pytest.approx(3)
    assert share_of_copy(OURS, ALL) == pytest.approx(0.25)
    assert ratio(SCIPY, ALL) is None
    assert ratio(TORCH, [TORCH]) is None
    assert share_of_copy(OURS, [OURS]) is None


def test_block():
    title, head, ours, torch, scipy, copied = block(ALL).splitlines()
    assert title == CASE.name
    assert head.split() == ["library", "time", "ratio", "of", "copy", "memory", "difference"]
    assert ours.split() == ["warpkit", "2.00", "ms", "25%", "4.0", "MB"]
    assert torch.split() == ["torch", "6.00", "ms", "3.00x", "8%", "5.0", "MB", "1.0e-06"]
    assert scipy.split(maxsplit=1) == ["scipy", SCIPY.prepared.state]
    assert copied.split() == ["numpy_copy", "0.500", "ms", "16.0", "GB/s"]


@pytest.mark.parametrize(
    ("floor", "found", "good"),
    [
        (Floor(CASE, "torch", 2.9), "3.00x", True),
        (Floor(CASE, "torch", 3.1), "3.00x", False),
        (Floor(CASE, COPY, 0.2), "25%", True),
        (Floor(CASE, COPY, 0.3), "25%", False),
        (Floor(CASE, "scipy", 0.0), "scipy: mismatch", False),
        (Floor(CASE, "kornia", 0.0), "not measured", False),
        (Floor(Case("warp_affine", (), (1, 1, 8, 8)), "torch", 0.0), "not measured", False),
    ],
)
def test_floors(floor, found, good):
    table, passed = check([floor], ALL)
    assert found in table
    assert passed is good
    assert ("pass\n" in table, "FAIL\n" in table) == (good, not good)
