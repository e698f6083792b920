"""Addresses of tracking stores, as they may be shown and kept."""

from __future__ import annotations

import re

__all__ = ["without_owner"]

# Passwords of databases may have slashes in them.
_OWNED = re.compile(
    r"^(https?://)[^/?#]*@([^?]*).*$|^([\w+.-]+://)[^:/@]*(?::[^@]*)?@([^?]*).*$",
    re.DOTALL,
)


def without_owner(uri: str) -> str:
    """Return an address without user, password and query.

    Examples
    --------
    >>> from sk_ensemble.callbacks._addresses import without_owner
    >>> without_owner("postgresql://me:secret@db.local:5432/mlflow?key=1")
    'postgresql://db.local:5432/mlflow'
    >>> without_owner("sqlite:////tmp/a@b.db")
    'sqlite:////tmp/a@b.db'
    """
    return _OWNED.sub(r"\1\2\3\4", uri)
