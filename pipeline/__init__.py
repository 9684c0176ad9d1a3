"""One long patient article becomes an approved email series, sent around each patient's first visit.

The package map stands in CONTRIBUTING.md; imports go down only (see ``[tool.importlinter]``).
"""

__version__ = "0.1.0"
