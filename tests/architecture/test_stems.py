"""One stem everywhere: `warpkit/<package>/_stem.py` is tested by `tests/<package>/test_stem.py`."""

from pathlib import Path

ROOT = Path(__file__).parents[2]

# Files with no test file of their own, each with its reason.
EXCEPTIONS = {
    "_version.py": "one constant, read by the build",
}


def mirror(module: Path) -> Path:
    """`sampling/_grid_sample.py` -> `sampling/test_grid_sample.py`; a private room loses its underscore."""
    folders = [folder.lstrip("_") for folder in module.parts[:-1]]
    return Path(*folders, f"test_{module.stem.lstrip('_')}.py")


def modules():
    package = ROOT / "warpkit"
    found = [path.relative_to(package) for path in package.rglob("_*.py")]
    return sorted(path for path in found if not path.name.startswith("__"))


def test_every_module_has_its_test_file():
    missing = {
        str(module): str(mirror(module))
        for module in modules()
        if module.as_posix() not in EXCEPTIONS and not (ROOT / "tests" / mirror(module)).is_file()
    }
    assert missing == {}


def test_no_exception_is_stale():
    names = {module.as_posix() for module in modules()}
    for name in EXCEPTIONS:
        assert name in names, f"{name} no longer exists"
        assert not (ROOT / "tests" / mirror(Path(name))).is_file(), f"{name} has a test file by now"
