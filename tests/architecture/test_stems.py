"""One stem everywhere: `warpkit/<package>/_stem.py` is tested by `tests/<package>/test_stem.py`."""

from pathlib import Path

ROOT = Path(__file__).parents[2]

# Files with no test file of their own, by reason.
EXCEPTIONS = {
    "one constant, read by the build": ["_version.py"],
}
exempt = [name for names in EXCEPTIONS.values() for name in names]


def mirror(module: Path) -> Path:
    """`sampling/_grid_sample.py` -> `sampling/test_grid_sample.py`; a private room loses its underscore."""
    folders = [folder.lstrip("_") for folder in module.parts[:-1]]
    return Path(*folders, f"test_{module.stem.lstrip('_')}.py")


def modules():
    package = ROOT / "warpkit"
    found = [path.relative_to(package) for path in package.rglob("_*.py")]
    return sorted(path for path in found if not path.name.startswith("__"))


def test_every_module_has_its_test_file():
    missing = [
        f"warpkit/{module.as_posix()} -> tests/{mirror(module).as_posix()}"
        for module in modules()
        if module.as_posix() not in exempt and not (ROOT / "tests" / mirror(module)).is_file()
    ]
    assert not missing, "no test file for:\n" + "\n".join(missing)


def test_no_exception_is_stale():
    names = [module.as_posix() for module in modules()]
    for name in exempt:
        assert name in names, f"{name} no longer exists"
        assert not (ROOT / "tests" / mirror(Path(name))).is_file(), f"{name} has a test file by now"
