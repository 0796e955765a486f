"""Writes the pages under `reference/generated`: for each package, what it exports.

The pages follow from the `__all__` of the packages, so nothing public can be forgotten and nothing listed
can be gone. Each object stands under the name that users should write: `warpkit.NAME` where the top level
exports it.
"""

import importlib
import inspect
import pkgutil
from pathlib import Path

import warpkit

GENERATED = Path(__file__).parent / "reference" / "generated"


def public_packages():
    """The packages below warpkit that can be imported with nothing but its own dependencies."""
    for found in pkgutil.iter_modules(warpkit.__path__):
        # The bridges need torch or JAX; their page is written by hand.
        if found.ispkg and not found.name.startswith("_") and found.name not in ("bridges", "cli"):
            package = importlib.import_module(f"warpkit.{found.name}")
            if getattr(package, "__all__", None):
                yield package


def public_name(package, name):
    """The name to document an object under."""
    if getattr(warpkit, name, None) is getattr(package, name) and name in warpkit.__all__:
        return f"warpkit.{name}"
    return f"{package.__name__}.{name}"


def directive(thing):
    """What autodoc should take it for. An op is called like a function, and documented like one."""
    if inspect.isclass(thing):
        return "autoexception" if issubclass(thing, BaseException) else "autoclass"
    if inspect.ismodule(thing):
        return "automodule"
    return "autofunction" if callable(thing) else "autodata"


def page(title, introduction, things):
    """One page: a table of all names, then the entry of each."""
    lines = [title, "=" * len(title), "", introduction, "", ".. autosummary::", "   :nosignatures:", ""]
    lines += [f"   ~{name}" for name in things]
    for name, thing in things.items():
        lines += ["", f".. {directive(thing)}:: {name}"]
        if inspect.isclass(thing):
            lines += ["   :members:"]
    return "\n".join(lines) + "\n"


def write_pages(app):
    """Write the pages of all packages, and of what the top level exports from its private rooms."""
    GENERATED.mkdir(exist_ok=True)
    for stale in GENERATED.glob("*.rst"):
        stale.unlink()
    documented = set()

    def write(title, introduction, things):
        # What several packages export is documented once, with the first of them.
        things = {name: thing for name, thing in things.items() if name not in documented}
        documented.update(things)
        if things:
            (GENERATED / f"{title}.rst").write_text(page(title, introduction, things), encoding="utf-8")

    for package in public_packages():
        things = {public_name(package, name): getattr(package, name) for name in package.__all__}
        write(package.__name__, inspect.getdoc(package) or "", things)
    top_level = {f"warpkit.{name}": getattr(warpkit, name) for name in warpkit.__all__ if name[0] != "_"}
    things = {name: thing for name, thing in top_level.items() if not inspect.ismodule(thing)}
    write("warpkit", "What belongs to no package of its own: settings, errors and types.", things)


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
