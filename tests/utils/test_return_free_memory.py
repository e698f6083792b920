from __future__ import annotations

import sys

import psutil
import pytest

from sk_ensemble.utils import memory
from sk_ensemble.utils.memory import return_free_memory


@pytest.mark.skipif(memory._malloc_trim() is None, reason="needs glibc")
def test_memory_that_nothing_uses_goes_back_to_the_system():
    process = psutil.Process()
    # Too small for a mapping of their own, and the last one keeps the heap from
    # shrinking.
    blocks = [bytes(100_000) for _ in range(2000)]
    full = process.memory_info().rss
    del blocks[:-1]
    kept = process.memory_info().rss
    return_free_memory(2**20)
    assert process.memory_info().rss > full - 50_000_000
    return_free_memory(2**30)
    assert kept > full - 50_000_000
    assert process.memory_info().rss < full - 100_000_000


def test_it_does_nothing_where_allocators_cannot_be_told(monkeypatch):
    monkeypatch.setattr(memory, "_malloc_trim", lambda: None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    return_free_memory(2**30)
