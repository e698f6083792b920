"""Run fits on the workers of a Dask cluster."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock
from typing import Any

from sk_ensemble.exceptions import ClusterError
from sk_ensemble.experiments._code import code_digest, library_versions
from sk_ensemble.experiments._fit import FitFailure, FitInput, FitResult, FitTask
from sk_ensemble.experiments._job import Jobs, run_job
from sk_ensemble.utils.optional import import_optional

__all__ = ["Cluster"]

#: Seconds to wait for a scheduler, and for its first worker.
_PATIENCE = 30

#: Seconds between two looks whether there still is a worker, and how many looks in a
#: row may find none: workers that die are started again meanwhile.
_PAUSE, _LOOKS = 5, 12

_LOGGERS = ("asyncio", "distributed", "distributed.client", "tornado.application")

#: For clusters of this machine. A fit whose worker has died is tried again by us; and
#: a fit may use all memory, as it may in any process.
_LOCAL = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.daemon": False,
}

#: The rows of folds are sent with each task; there is no graph that could be smaller.
_NO_LARGE_GRAPHS = {"distributed.admin.large-graph-warning-threshold": "1 TiB"}

#: In a worker: held by the fit it makes, as threads of one process share settings.
_ONE_AT_A_TIME = Lock()


def _facts() -> dict[str, str]:
    """Return what must be equal on all machines for results to be equal."""
    return {"sk_ensemble": code_digest(), **library_versions()}


def _differences(ours: Mapping[str, str], theirs: Any) -> str:
    """Say in which versions a worker differs, or why it cannot be asked."""
    if not isinstance(theirs, Mapping):
        return f"it cannot be asked ({theirs})"
    names = sorted(n for n in {*ours, *theirs} if ours.get(n) != theirs.get(n))
    # The code's digest depends on the versions, so it says something alone only.
    names = [name for name in names if name != "sk_ensemble"] or names
    return ", ".join(
        "other code of sk_ensemble"
        if name == "sk_ensemble"
        else f"{name} {theirs.get(name, 'missing')} instead of {ours.get(name, 'none')}"
        for name in names
    )


def _run_remotely(
    code: str, pipeline: Any, task: FitTask, data: FitInput, n_threads: int
) -> FitResult | FitFailure:
    """Make a fit on a worker, which may have joined after the others were checked."""
    if code_digest() != code:
        msg = "A worker has joined the cluster that has other versions or other code."
        raise ClusterError(msg)
    with _ONE_AT_A_TIME:
        return run_job(pipeline, task, data, n_threads)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log out of the terminal: what it reports is dealt with here."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _started(address: str, stack: ExitStack) -> Any:
    """Start a cluster for ``local:<n>``; at any other address there is one already."""
    kind, _, count = address.partition(":")
    if kind != "local":
        return address
    distributed = import_optional("distributed", extra="cluster")
    return stack.enter_context(
        distributed.LocalCluster(
            n_workers=int(count),
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    )


class Cluster:
    """Connect to a Dask cluster, send it the samples once, and have it run tasks.

    Parameters
    ----------
    address : str
        Address of a scheduler, or ``"local:<n>"``.
    jobs : Jobs
        Models and samples.

    Raises
    ------
    ClusterError
        If nobody answers, there are no workers, or some have other versions.
    """

    def __init__(self, address: str, jobs: Jobs) -> None:
        self._distributed = import_optional("distributed", extra="cluster")
        dask = import_optional("dask", extra="cluster")
        self._address = address
        self._jobs = jobs
        self._lock = Lock()
        with ExitStack() as stack:
            stack.enter_context(_quiet())
            settings = _NO_LARGE_GRAPHS | (_LOCAL if "local:" in address else {})
            stack.enter_context(dask.config.set(settings))
            self._client = stack.enter_context(self._connected(stack))
            self._check_workers()
            self._data = self._scattered(_PATIENCE)
            self._stack = stack.pop_all()

    def _connected(self, stack: ExitStack) -> Any:
        target = _started(self._address, stack)
        try:
            client = self._distributed.Client(
                target, timeout=_PATIENCE, set_as_default=False
            )
        except OSError as error:
            msg = (
                f"No Dask scheduler answers at {self._address}: {error}. Start one "
                "with `dask scheduler`, or correct run.cluster."
            )
            raise ClusterError(msg) from error
        return client

    def _check_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            msg = (
                f"The cluster at {self._address} has no workers. Start some with "
                f"`dask worker {self._address} --nthreads 1`."
            )
            raise ClusterError(msg) from None
        ours = _facts()
        found = self._client.run(_facts, on_error="return")
        others = {w: _differences(ours, facts) for w, facts in found.items()}
        faults = [f"{worker}: {fault}" for worker, fault in others.items() if fault]
        if faults:
            msg = (
                "All workers must have the versions and the code of this process, or "
                f"results would differ. {'; '.join(faults)}. Install the same there."
            )
            raise ClusterError(msg)

    def _resources(self) -> list[Mapping[str, float]]:
        """Return what each worker says it has."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        return [worker["resources"] for worker in workers.values()]

    @property
    def n_workers(self) -> int:
        """Number of workers; each has one fit at a time."""
        return len(self._resources())

    @property
    def n_gpus(self) -> int:
        """Number of fits that may use a GPU at a time."""
        return max(1, self._declared_gpus())

    def _declared_gpus(self) -> int:
        return int(sum(found.get("GPU", 0) for found in self._resources()))

    def _scattered(self, timeout: float) -> dict[int, Any]:
        """Send every worker the samples, and return references to them."""
        inputs = self._jobs.inputs
        sent = self._client.scatter(
            list(inputs.values()), broadcast=True, hash=False, timeout=timeout
        )
        return dict(zip(inputs, sent, strict=True))

    def _scattered_again(self) -> dict[int, Any]:
        """Send the samples to workers that take the place of dead ones."""
        for _ in range(_LOOKS):
            with suppress(TimeoutError, self._distributed.comm.CommClosedError):
                return self._scattered(_PAUSE)
            self._check_connection()
            time.sleep(_PAUSE)
        raise self._no_workers()

    def _samples(self, task: FitTask) -> Any:
        """Return a reference to samples, sent again if their last holder has died."""
        with self._lock:
            if any(future.status != "finished" for future in self._data.values()):
                self._data = self._scattered_again()
            return self._data[task.horizon]

    def _submitted(self, task: FitTask) -> Any:
        pipeline, _, _, n_threads = self._jobs.arguments(task)
        needs_gpu = task.device != "cpu" and self._declared_gpus() > 0
        return self._client.submit(
            _run_remotely,
            code_digest(),
            pipeline,
            task,
            self._samples(task),
            n_threads,
            key=f"{task.name}-{secrets.token_hex(8)}",
            resources={"GPU": 1} if needs_gpu else None,
            pure=False,
        )

    def run(self, task: FitTask) -> FitResult | FitFailure | None:
        """Run a task and return its outcome, or None if its worker has died."""
        try:
            return self._result(self._submitted(task))
        except self._distributed.scheduler.KilledWorker:
            return None
        except CancelledError:
            # The samples were lost with the last worker that had them.
            self._check_connection()
            return None
        except self._distributed.comm.CommClosedError as error:
            raise self._connection_lost() from error
        except ClusterError:
            raise
        except Exception as error:
            return FitFailure(task.name, f"{type(error).__name__}: {error}")

    def _result(self, future: Any) -> FitResult | FitFailure:
        """Wait for a result as long as there is a worker to come up with one."""
        n_empty = 0
        while n_empty < _LOOKS:
            try:
                outcome: FitResult | FitFailure = future.result(timeout=_PAUSE)
            except TimeoutError:
                n_empty = 0 if self._client.nthreads() else n_empty + 1
            else:
                return outcome
        raise self._no_workers()

    def _no_workers(self) -> ClusterError:
        msg = (
            f"The cluster at {self._address} has had no workers for "
            f"{_PAUSE * _LOOKS} s. Finished fits are stored: start some workers and "
            "go on with --resume."
        )
        return ClusterError(msg)

    def _connection_lost(self) -> ClusterError:
        msg = (
            f"The connection to {self._address} is lost. Finished fits are stored: "
            "go on with --resume."
        )
        return ClusterError(msg)

    def _check_connection(self) -> None:
        if self._client.status != "running":
            raise self._connection_lost()

    def close(self) -> None:
        """Leave the cluster, and end it if it was started here."""
        self._stack.close()
