"""The sections of a report, one a file, in the order in which they are read."""

from __future__ import annotations
