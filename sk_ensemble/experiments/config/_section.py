"""The base of all parts of a configuration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from sk_ensemble.experiments.config._docstring import with_parameters
from sk_ensemble.experiments.config._secrets import masked

__all__ = ["Section"]


class Section(BaseModel):
    """Hold a part of a configuration that cannot be changed.

    Unknown names, other types and numbers that are not finite are refused: ``True``
    is no number, ``"5"`` neither.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import RunSection, Section
    >>> issubclass(RunSection, Section), RunSection().canonical()
    (True, {'n_jobs': -1, 'threads_per_task': 1, 'cluster': None})
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.__doc__ = with_parameters(cls.__doc__, cls.model_fields)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Show what differs from the defaults, without credentials."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if field.is_required() or value != field.default:
                yield name, masked(value)

    def canonical(self) -> dict[str, Any]:
        """Return plain values that JSON can hold, with credentials masked.

        Returns
        -------
        values : dict
            Nested dicts and lists of text, numbers, booleans and None.
        """
        values: dict[str, Any] = masked(self.model_dump(mode="json"))
        return values

    def digest(self) -> str:
        """Return a fingerprint of the values, equal for equal values only.

        A change of credentials does not change it, nor does the order of keys.

        Returns
        -------
        digest : str
            SHA-256 in hexadecimal digits.
        """
        text = json.dumps(self.canonical(), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()
