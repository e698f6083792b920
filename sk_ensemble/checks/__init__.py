"""Checks that any classifier of windows should pass, whoever wrote it.

What `sklearn.utils.estimator_checks` is for tables: a third party runs the same
checks that this package runs on its own families.
"""

from __future__ import annotations

from sk_ensemble.checks._run import (
    check_window_estimator,
    parametrize_with_window_checks,
    window_checks,
)

__all__ = [
    "check_window_estimator",
    "parametrize_with_window_checks",
    "window_checks",
]
