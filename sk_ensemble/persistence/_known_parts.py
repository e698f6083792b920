"""What objects are known to consist of, as they were put together of it."""

from __future__ import annotations

from typing import Any

from sk_ensemble.utils.artefacts import Artefacts

__all__ = ["KnownParts"]


class KnownParts:
    """Remember what loaded models consist of, to save them again as parts of others.

    To take a booster apart means to have its library write it and to check every node
    of its trees, and a member of four ensembles is saved four times. As long as nothing
    has changed a model since it was loaded, its parts are those that it was made of.

    Examples
    --------
    >>> from sk_ensemble import PriorBaseline
    >>> from sk_ensemble.persistence import KnownParts, model_files, model_from_files
    >>> files = model_files(PriorBaseline().fit([[1.0], [2.0]], [0, 1]))
    >>> known = KnownParts()
    >>> model = model_from_files(files, known=known)
    >>> model_files(model, known=known) == files
    True
    """

    def __init__(self) -> None:
        # The objects are kept, so that no other one gets their identity.
        self._parts: dict[int, tuple[Any, Artefacts]] = {}

    def remember(self, value: Any, artefacts: Artefacts) -> None:
        """Take note of what an object was put together of.

        Parameters
        ----------
        value : object
            The object.
        artefacts : Artefacts
            What it consists of, besides its parameters.
        """
        self._parts[id(value)] = value, artefacts

    def of(self, value: Any) -> Artefacts | None:
        """Return what an object consists of, None if that is not known.

        Parameters
        ----------
        value : object
            The object.
        """
        _, artefacts = self._parts.get(id(value), (None, None))
        return artefacts
