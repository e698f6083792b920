"""What every worker process of an experiment is started with.

These are names only, so that a command can start workers before anything is imported.
"""

from __future__ import annotations

__all__ = ["WORKER_MODULES", "thread_variables"]

#: What fits import; boosters that are not installed are skipped.
WORKER_MODULES = ("sk_ensemble.experiments._job", "lightgbm", "xgboost")

#: What the libraries that share work among threads ask when they are loaded.
_THREAD_VARIABLES = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def thread_variables(n_threads: int) -> dict[str, str]:
    """Return the environment variables that give every library so many threads.

    Examples
    --------
    >>> from sk_ensemble.utils.workers import thread_variables
    >>> thread_variables(2)["OMP_NUM_THREADS"]
    '2'
    """
    return dict.fromkeys(_THREAD_VARIABLES, str(n_threads))
