"""Run the command line with ``python -m sk_ensemble``."""

from __future__ import annotations

import sys

from sk_ensemble.cli import main

if __name__ == "__main__":
    sys.exit(main())
