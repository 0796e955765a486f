"""The version's one home: the package reads it here, and so does the build (see pyproject.toml)."""

__version__ = "0.1.0.dev0"
