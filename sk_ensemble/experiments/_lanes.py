"""Keep several lanes of tasks busy at once, whoever runs them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

from sk_ensemble.experiments._fit import FitFailure, FitResult, FitTask
from sk_ensemble.experiments._job import Outcome, died

__all__ = ["Lane", "Pool", "run_lanes"]

#: What a thread of a lane says last.
_END = object()


class Pool(Protocol):
    """Run tasks somewhere, as many at a time as threads ask for it."""

    def run(self, task: FitTask) -> FitResult | FitFailure | None:
        """Run a task and return its outcome, or None if its worker has died."""

    def close(self) -> None:
        """End the workers; tasks that still run return None or raise an error."""


@dataclass(frozen=True)
class Lane:
    """Tasks of which so many run at a time.

    Parameters
    ----------
    tasks : sequence of FitTask
        What to run, in this order.
    width : int
        How many at a time.
    """

    tasks: Sequence[FitTask]
    width: int


def _taken(waiting: deque[FitTask]) -> Iterator[FitTask]:
    """Take tasks until there are none; several threads may do so."""
    with suppress(IndexError):
        while True:
            yield waiting.popleft()


def _work(waiting: deque[FitTask], pool: Pool, done: SimpleQueue[Any]) -> None:
    try:
        for task in _taken(waiting):
            done.put((task, pool.run(task)))
    except BaseException as error:
        done.put(error)
    done.put(_END)


def _until_all_end(done: SimpleQueue[Any], n_threads: int) -> Iterator[Any]:
    """Yield what threads put into a queue, raising their errors here."""
    while n_threads:
        item = done.get()
        if isinstance(item, BaseException):
            raise item
        if item is _END:
            n_threads -= 1
        else:
            yield item


def run_lanes(lanes: Sequence[Lane], pool: Pool) -> Iterator[Outcome]:
    """Yield tasks with their outcomes as they come, and close the pool at the end.

    A task whose worker dies may be to blame or not: many at a time may have needed
    too much memory together. So it is tried once more when nothing else runs, and
    given up if its worker dies again.

    Parameters
    ----------
    lanes : sequence of Lane
        What to run, and how much of it at a time.
    pool : Pool
        Where to run it.
    """
    done: SimpleQueue[Any] = SimpleQueue()
    queues = [deque(lane.tasks) for lane in lanes]
    threads = [
        Thread(target=_work, args=(waiting, pool, done), daemon=True)
        for lane, waiting in zip(lanes, queues, strict=True)
        for _ in range(lane.width)
    ]
    lost = []
    try:
        for thread in threads:
            thread.start()
        for task, outcome in _until_all_end(done, len(threads)):
            if outcome is None:
                lost.append(task)
            else:
                yield task, outcome
        for task in lost:
            yield task, pool.run(task) or died(task)
    finally:
        for waiting in queues:
            waiting.clear()
        pool.close()
        for thread in threads:
            thread.join()
