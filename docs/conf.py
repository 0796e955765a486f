"""Sphinx configuration."""

import sys
from pathlib import Path

import warpkit

sys.path.insert(0, str(Path(__file__).parent))  # for our own extensions

project = "warpkit"
author = "The warpkit developers"
version = release = warpkit.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "myst_parser",
    "numpydoc",
    "reference_pages",
    "compiled_parts",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # shapes and units stand in the docstring, where they can be read
autosummary_generate = False  # the tables link to entries on the same page
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "warpkit"
