"""What estimators ask scikit-learn's metadata routing for."""

from __future__ import annotations

from typing import Any

from sklearn.utils.metadata_routing import MetadataRequest

from sk_ensemble.exceptions import PersistenceError

__all__ = ["requests_of", "set_requests"]


def requests_of(value: Any) -> dict[str, dict[str, Any]]:
    """Return what was set with ``set_fit_request`` and the like, by method."""
    request = getattr(value, "_metadata_request", None)
    if not isinstance(request, MetadataRequest):
        return {}
    parts = vars(request).items()
    methods = {name: getattr(part, "requests", {}) for name, part in parts}
    return {name: dict(asked) for name, asked in methods.items() if asked}


def set_requests(value: Any, requests: dict[str, Any]) -> None:
    """Set what `requests_of` has returned."""
    request = MetadataRequest(owner=value)
    for method, asked in requests.items():
        part = vars(request).get(method)
        if not hasattr(part, "add_request") or not isinstance(asked, dict):
            msg = f"there are no requests for {method!r:.50}"
            raise PersistenceError(msg)
        for param, alias in asked.items():
            part.add_request(param=param, alias=alias)
    value._metadata_request = request
