"""Show in MLflow's model registry what is live; nothing is read from there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sk_ensemble.callbacks import TrackingStore

__all__ = ["ALIAS", "mirror"]

#: Alias of the version that is live.
ALIAS = "champion"

_VERSION = "sk_ensemble.version"
_DIGEST = "sk_ensemble.sha256"


def _mirrored(client: Any, name: str) -> dict[int, str]:
    """Return MLflow's number of each version it knows; it counts on its own."""
    found: dict[int, str] = {}
    token = None
    while True:
        page = client.search_model_versions(f"name='{name}'", page_token=token)
        for version in page:
            number = version.tags.get(_VERSION, "")
            if number.isdecimal():
                found[int(number)] = str(version.version)
        token = page.token
        if not token:
            return found


def _make_model(client: Any, name: str) -> None:
    models = client.search_registered_models(f"name='{name}'")
    if not models:
        client.create_registered_model(
            name, description="Mirror of a production registry of sk_ensemble."
        )


def _make_version(client: Any, name: str, number: int, path: Path, digest: str) -> str:
    made = client.create_model_version(
        name,
        source=(path / "model").absolute().as_uri(),
        tags={_VERSION: str(number), _DIGEST: digest},
        description=f"{name} v{number}",
    )
    return str(made.version)


def mirror(
    uri: str,
    name: str,
    versions: Mapping[int, tuple[Path, str]],
    current: int,
) -> None:
    """Make MLflow's registry show the versions of a model and which one is live.

    Parameters
    ----------
    uri : str
        Address of an MLflow store or server, or path of an SQLite file.
    name : str
        Name of the model.
    versions : dict of (Path, str)
        Directory and digest of each version that was ever live, by number. Those that
        MLflow has are not made again.
    current : int
        The version that gets the alias.
    """
    client = TrackingStore(uri).client()
    _make_model(client, name)
    known = _mirrored(client, name)
    for number in sorted(versions.keys() - known.keys()):
        known[number] = _make_version(client, name, number, *versions[number])
    client.set_registered_model_alias(name, ALIAS, known[current])
