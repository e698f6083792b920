"""The report of an experiment: one page with error bars, and the files behind it.

:class:`Report` reads what an experiment has left on disk and shows it as one
self-contained page of HTML, in a notebook, or as PNG and CSV files. Nothing is fitted.
"""

from __future__ import annotations

from sk_ensemble.report._report import Report

__all__ = ["Report"]
