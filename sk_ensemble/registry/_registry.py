"""The table of models, and the look-up in it."""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Iterable

from sk_ensemble.exceptions import RegistryError
from sk_ensemble.registry._builtins import builtin_entries
from sk_ensemble.registry._entry import Entry
from sk_ensemble.registry._info import ModelInfo
from sk_ensemble.registry._validation import FAMILIES, nearest

__all__ = ["GROUP", "REGISTRY", "Registry"]

#: Entry points of this group name modules that register models.
GROUP = "sk_ensemble.models"


def _sort_key(entry: Entry) -> tuple[int, str]:
    return FAMILIES.index(entry.info.family), entry.info.name


def _ambiguous(name: str, entries: Iterable[Entry]) -> RegistryError:
    full_names = ", ".join(sorted(entry.info.full_name for entry in entries))
    return RegistryError(
        f"{name!r} is the name of several models; say which: {full_names}."
    )


class Registry:
    """Keep entries by full name and load those of other packages once.

    Parameters
    ----------
    entries : iterable of Entry
        The entries it starts with.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.info.full_name: entry for entry in entries}
        self._plugins_are_loaded = False
        self._plugin_faults: list[str] = []

    def add(self, entry: Entry) -> None:
        """Add an entry under a free name.

        The same class or function may come again, as it does when a cell of a
        notebook runs twice; it then takes the place of its former self.
        """
        full_name = entry.info.full_name
        holder = self._entries.get(full_name)
        if holder is not None and holder.address != entry.address:
            msg = (
                f"The name {full_name} is taken by {holder.address}; "
                f"choose another for {entry.address}."
            )
            raise RegistryError(msg)
        self._entries[full_name] = entry

    def find(self, name: str) -> Entry:
        """Return the entry with this short or full name."""
        if not isinstance(name, str):
            msg = f"The name of a model is a string, got {name!r}."
            raise RegistryError(msg)
        if name in self._entries:
            return self._entries[name]
        self._load_plugins()
        found = [
            entry
            for full_name, entry in self._entries.items()
            if name in (entry.info.name, full_name)
        ]
        if len(found) > 1:
            raise _ambiguous(name, found)
        if not found:
            raise self._unknown(name)
        return found[0]

    def infos(self) -> list[ModelInfo]:
        """Return the descriptions of all models, by family and name."""
        self._load_plugins()
        return [entry.info for entry in sorted(self._entries.values(), key=_sort_key)]

    def addresses(self) -> dict[str, Entry]:
        """Return all entries by the address of their class or function."""
        self._load_plugins()
        return {entry.address: entry for entry in self._entries.values()}

    def _unknown(self, name: str) -> RegistryError:
        known: Iterable[str] = {entry.info.name for entry in self._entries.values()}
        if ":" in name:
            short = name.partition(":")[2]
            namesakes = [full for full in self._entries if full.endswith(f":{short}")]
            known = namesakes or self._entries
        lines = [f"There is no model {name!r}; {nearest(name, known)}."]
        return RegistryError(" ".join(lines + self._plugin_faults))

    def _load_plugins(self) -> None:
        if self._plugins_are_loaded:
            return
        self._plugins_are_loaded = True
        for point in importlib.metadata.entry_points(group=GROUP):
            self._load_plugin(point)

    def _load_plugin(self, point: importlib.metadata.EntryPoint) -> None:
        # Another package's fault must not take the other models away.
        try:
            point.load()
        except Exception as error:
            fault = (
                f"The models of the entry point {point.name} = {point.value} are "
                f"missing, because loading it failed: {type(error).__name__}: {error}"
            )
            self._plugin_faults.append(fault)
            warnings.warn(fault, RuntimeWarning, stacklevel=2)


#: The registry that `register`, `create` and `list_models` work on.
REGISTRY = Registry(builtin_entries())
