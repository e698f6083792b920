"""From a run to production: versions that never change, gates before them, a way back.

:class:`ProductionRegistry` keeps the versions of each model that were ever live.
"""

from __future__ import annotations

__all__: list[str] = []
