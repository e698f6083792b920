"""JSON documents that show by themselves whether they are as they were written.

A sealed document has a ``digest`` of everything else in it. That finds damage; malice
can compute a digest, too. A ``signature`` is what only those can compute who have a
key (HMAC-SHA256).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from sk_ensemble.utils.files import strict_json

__all__ = ["digest_of", "is_signed_with", "sealed", "signed", "unsealed"]

#: Keys whose values are computed from all the others.
_SEALS = frozenset({"digest", "signature"})


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal digits.

    Parameters
    ----------
    content : bytes
        The bytes.

    Examples
    --------
    >>> from sk_ensemble.utils.seals import digest_of
    >>> digest_of(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(content).hexdigest()


def _signature(document: Mapping[str, Any], key: bytes) -> str:
    """Return what only those who have the key can compute."""
    part = {name: document[name] for name in document if name not in _SEALS}
    return hmac.new(key, strict_json(part).encode(), hashlib.sha256).hexdigest()


def signed(document: Mapping[str, Any], key: bytes | None) -> dict[str, Any]:
    """Return a document with a signature of everything in it.

    Parameters
    ----------
    document : mapping
        What can be written as JSON.
    key : bytes or None
        The secret; None: the document says that it is not signed.
    """
    signature = None if key is None else _signature(document, key)
    return {**document, "signature": signature}


def is_signed_with(document: Mapping[str, Any], key: bytes) -> bool | None:
    """Tell whether a document was signed with a key; None if it is not signed.

    Parameters
    ----------
    document : mapping
        A document, as `unsealed` returns it.
    key : bytes
        The secret.
    """
    signature = document.get("signature")
    if not isinstance(signature, str):
        return None
    expected = _signature(document, key)
    return hmac.compare_digest(signature.encode(), expected.encode())


def sealed(document: Mapping[str, Any]) -> bytes:
    """Return a document as bytes, with a digest of itself.

    Parameters
    ----------
    document : mapping
        What can be written as JSON; an older digest is replaced.

    Examples
    --------
    >>> from sk_ensemble.utils.seals import sealed, signed, unsealed
    >>> content = sealed(signed({"version": 3}, key=b"a long secret"))
    >>> unsealed(content)["version"]
    3
    >>> unsealed(content.replace(b"3", b"4"))
    Traceback (most recent call last):
        ...
    ValueError: its digest is another one
    """
    open_part = {name: document[name] for name in document if name != "digest"}
    digest = digest_of(strict_json(open_part).encode())
    return strict_json(open_part | {"digest": digest}).encode()


def unsealed(content: bytes) -> dict[str, Any]:
    """Return the document that `sealed` has written.

    Parameters
    ----------
    content : bytes
        The whole file.

    Returns
    -------
    document : dict
        With its digest and, if it has one, its signature.

    Raises
    ------
    ValueError
        If a single byte is not as it was written.
    """
    try:
        document = json.loads(content)
        # Down to a blank, as nobody looks at those.
        is_whole = isinstance(document, dict) and sealed(document) == content
    except (ValueError, RecursionError) as error:
        msg = f"it is no JSON ({error})"
        raise ValueError(msg) from error
    if not is_whole:
        msg = "its digest is another one"
        raise ValueError(msg)
    return dict(document)
