"""Processor time and memory of a block of code."""

from __future__ import annotations

import threading
import time


class Watch:
    """Measure processor time and the largest resident set while a block runs.

    After the block, `seconds` is the time of all threads of the processor, `megabytes`
    the peak (MiB) beyond what the process held before.
    """

    def __enter__(self):
        import psutil  # peers need not have it

        self._process, self._stop = psutil.Process(), threading.Event()
        self.peak = self._before = self._held()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        self._start = time.process_time()
        return self

    def _held(self):
        return self._process.memory_info().rss

    def _look(self):
        while not self._stop.wait(0.005):
            self.peak = max(self.peak, self._held())

    def __exit__(self, *_):
        self.seconds = time.process_time() - self._start
        self._stop.set()
        self._thread.join()
        self.megabytes = (self.peak - self._before) / 2**20
