"""The command line ``sk-ensemble``: experiments from YAML to a leaderboard.

Results go to the standard output, progress and notices to the error output. The exit
code is 0 if all is well, 1 if some cells failed, a replay differs, a gate to production
was not passed or a version is not whole, 2 if what was asked for cannot be done as it
is asked, 3 after any other error, 130 after Ctrl-C and 143 after SIGTERM.

A file holds one command. What it needs is imported when it runs, so that help and
completion take no time.
"""

from __future__ import annotations

from sk_ensemble.cli._main import main

__all__ = ["main"]
