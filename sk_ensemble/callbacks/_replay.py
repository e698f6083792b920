"""Record the events of spools in MLflow, once each, and without waiting for ever."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from sk_ensemble.callbacks._run_tree import run_records
from sk_ensemble.callbacks._spool import Spool
from sk_ensemble.callbacks._tracking_store import TrackingStore

__all__ = ["replay_in_time", "replay_spool"]


def _steps(
    spool: Spool, tracking_uri: str | PathLike[str] | None = None
) -> Iterator[str]:
    """Record a spool and yield the identifier of each run when it is done."""
    with spool.claimed() as is_mine:
        if not is_mine:
            return
        header = spool.header()
        address = header["tracking_uri"] if tracking_uri is None else tracking_uri
        store = TrackingStore(address, header["experiment_name"])
        records = run_records(
            spool.events(), header["spool_id"], header["run_name"], header["tags"]
        )
        for _, run_id in store.log_one_by_one(records, header["spool_id"]):
            yield run_id
        spool.remove()


def replay_spool(
    directory: str | PathLike[str],
    *,
    tracking_uri: str | PathLike[str] | None = None,
) -> list[str]:
    """Record in MLflow what an `MLflowCallback` could not record at once.

    Parameters
    ----------
    directory : str or path
        The directory that the warning of the callback named, or one that holds many
        of them, as ``experiments/mlflow-spool`` does.
    tracking_uri : str, path or None, default=None
        Address of another store or server, or path of an SQLite file. None: the one
        that the callback was given; user and password are not kept on disk, so an
        address that needs them is to be given again.

    Returns
    -------
    run_ids : list of str
        MLflow's identifiers of the outermost run of each fit that was recorded. What
        is recorded leaves the disk, so a second call returns an empty list.

    Raises
    ------
    FileNotFoundError
        If there is no such directory.
    ImportError
        If MLflow is not installed.
    Exception
        Whatever MLflow raises if its store cannot be written. Nothing is lost by it,
        and a later call records nothing twice.

    See Also
    --------
    MLflowCallback : Writes the events.

    Notes
    -----
    Fits that are still running, here or on another machine, are left alone; those
    whose process was killed are recorded as failed, with all they had reached. What
    another process is recording at the same time is left to it.

    Examples
    --------
    >>> import tempfile
    >>> from sk_ensemble.callbacks import replay_spool
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replay_spool(folder)
    []
    """
    folder = Path(directory)
    if not folder.is_dir():
        msg = f"There is no directory {folder}, so there is nothing to record."
        raise FileNotFoundError(msg)
    recorded = []
    for spool in Spool.found_in(folder):
        if spool.is_over():
            # The outermost run comes first.
            recorded += list(_steps(spool, tracking_uri))[:1]
    return recorded


def _put_steps(
    steps: Iterator[str], results: queue.Queue, is_late: threading.Event
) -> None:
    """Record a spool run by run, until it is done or nobody waits any more."""
    try:
        for run_id in steps:
            results.put(run_id)
            if is_late.is_set():
                return
        results.put(None)
    except BaseException as error:
        results.put(error)


def replay_in_time(
    spool: Spool, timeout: float, tracking_uri: str | PathLike[str] | None = None
) -> None:
    """Record a spool as long as there is progress.

    Parameters
    ----------
    spool : Spool
        The events.
    timeout : float
        Seconds that one run may take.
    tracking_uri : str, path or None, default=None
        Address of the store; None means the one that is written in the spool.

    Raises
    ------
    TimeoutError
        If one takes longer; it is then given up by the thread that records it at the
        next opportunity.
    Exception
        Whatever the store raised.
    """
    results: queue.Queue = queue.Queue()
    is_late = threading.Event()
    arguments = (_steps(spool, tracking_uri), results, is_late)
    threading.Thread(target=_put_steps, args=arguments, daemon=True).start()
    while True:
        try:
            result = results.get(timeout=timeout)
        except queue.Empty:
            is_late.set()
            msg = f"the tracking store did not answer within {timeout:g} seconds"
            raise TimeoutError(msg) from None
        if isinstance(result, BaseException):
            raise result
        if result is None:
            return
