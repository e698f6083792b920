"""Secrets to sign histories with."""

from __future__ import annotations

from sk_ensemble.exceptions import ProductionError

__all__ = ["checked_key"]

#: Bytes of a key, at least.
_KEY_BYTES = 16


def checked_key(key: bytes | None) -> bytes | None:
    """Return a key that is long enough to be a secret, or None.

    Raises
    ------
    ProductionError
        If it is too short, or no bytes.
    """
    if key is None or (isinstance(key, bytes) and len(key) >= _KEY_BYTES):
        return key
    msg = (
        f"A key must be at least {_KEY_BYTES} bytes that nobody can guess. Make one "
        "with secrets.token_bytes(32)."
    )
    raise ProductionError(msg)
