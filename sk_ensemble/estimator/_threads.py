"""How many threads `n_jobs` means."""

from __future__ import annotations

from joblib import cpu_count

__all__ = ["n_threads"]


def n_threads(n_jobs: int | None) -> int:
    """Return the number of threads that `n_jobs` asks for.

    Unlike `joblib.effective_n_jobs` the answer does not depend on the parallelism
    around the call: results that differ between one and two threads would otherwise
    differ between a fit of one's own and the same fit in a worker process.

    Parameters
    ----------
    n_jobs : int or None
        None means one; -1 all cores, -2 all but one, and so on.

    Returns
    -------
    n_threads : int
        At least one.

    Raises
    ------
    ValueError
        If `n_jobs` is zero.

    Examples
    --------
    >>> from sk_ensemble.estimator import n_threads
    >>> n_threads(None), n_threads(3)
    (1, 3)
    """
    if n_jobs is None:
        return 1
    if n_jobs == 0:
        msg = "n_jobs=0 has no meaning. Use None or 1 for one thread, -1 for all cores."
        raise ValueError(msg)
    return n_jobs if n_jobs > 0 else max(1, cpu_count() + 1 + n_jobs)
