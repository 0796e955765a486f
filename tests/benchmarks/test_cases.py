import pytest

from benchmarks.cases import Case, all_cases, select
from benchmarks.floors import all_floors


def test_a_name_means_one_case():
    names = [case.name for case in all_cases()]
    assert len(set(names)) == len(names)


def test_names():
    shape = (1, 1, 8, 8)
    assert Case("grid_sample", (), shape).name == "grid_sample/forward/1x1x8x8/angle=0.3"
    assert Case("grid_sample", ("grid",), shape).name == "grid_sample/forward+grid/1x1x8x8/angle=0.3"
    both = Case("warp_affine", ("image", "theta"), shape, 0.0, zoom=1.5)
    assert both.name == "warp_affine/forward+all/1x1x8x8/angle=0,zoom=1.5"
    assert both.needs == (True, True)
    assert Case("warp_tps", ("theta",), shape, control_points=16).name.endswith("/points=16")


def test_select():
    assert select([]) == all_cases()
    chosen = select(["warp_tps/*", "*/256x1x28x28/*"])
    assert {case.op for case in chosen} == {"grid_sample", "warp_affine", "warp_tps"}
    assert all(case.op == "warp_tps" or case.shape == (256, 1, 28, 28) for case in chosen)
    with pytest.raises(ValueError, match=r"case: expected a pattern .* given 'nothing'"):
        select(["warp_tps/*", "nothing"])


def test_floors_are_of_listed_cases():
    assert {floor.case for floor in all_floors()} <= set(all_cases())
