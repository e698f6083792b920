"""One version of a model that was taken live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.persistence import model_from_files
from sk_ensemble.production._gate_outcome import GateOutcome
from sk_ensemble.production._version_files import VersionFiles, read_version

__all__ = ["ModelVersion"]


@dataclass(frozen=True)
class ModelVersion:
    """Describe one version of a model, and load it.

    Attributes
    ----------
    name : str
        Name of the model in production.
    number : int
        Number of the version, from 1.
    path : Path
        Its directory, which never changes: ``model/``, ``metadata.json`` and
        ``config.yaml``.
    metadata : dict
        Where the model comes from, how it was judged, and the digests of its files.
    sha256 : str
        Digest of the metadata that the history names, and so of all files.

    See Also
    --------
    ProductionRegistry : Where versions come from.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sk_ensemble.production import ModelVersion
    >>> metadata = {"horizon": 5, "trained_until": "2021-05-31 07:00:00+00:00"}
    >>> ModelVersion("xgboost_h5", 3, Path("xgboost_h5/v3"), metadata, "ab12").horizon
    5
    """

    name: str
    number: int
    path: Path
    metadata: Mapping[str, Any] = field(repr=False)
    sha256: str = field(repr=False)

    @property
    def horizon(self) -> int:
        """Bars ahead that the model predicts."""
        return int(self.metadata["horizon"])

    @property
    def trained_until(self) -> str:
        """End of the last label it was trained on, UTC."""
        return str(self.metadata["trained_until"])

    @property
    def trained_until_ns(self) -> int:
        """The same, nanoseconds since 1970."""
        return int(self.metadata["trained_until_ns"])

    @property
    def outcomes(self) -> tuple[GateOutcome, ...]:
        """What came out at each gate."""
        return tuple(GateOutcome(**gate) for gate in self.metadata["gates"])

    def load(self) -> Any:
        """Return the model, after all of its files were found to be as promoted.

        The files are read once: what was compared with the digests is what is loaded.

        Returns
        -------
        model : estimator
            The fitted model.

        Raises
        ------
        ProductionError
            If a file is damaged, missing, left over or a link; names it.
        """
        return model_from_files(self._files().model_files)

    def verify(self) -> None:
        """Compare all files with their digests, without loading the model.

        Raises
        ------
        ProductionError
            If a file is damaged, missing, left over or a link; names it.
        """
        self._files()

    def _files(self) -> VersionFiles:
        content = read_version(self.path.parents[1], self.name, self.number)
        self.refuse_other(content.sha256)
        return content

    def refuse_other(self, sha256: str) -> None:
        """Raise unless metadata of a digest are those that were promoted.

        Parameters
        ----------
        sha256 : str
            Digest of what was found.

        Raises
        ------
        ProductionError
            If it is another one.
        """
        if sha256 != self.sha256:
            msg = (
                f"{self.path / 'metadata.json'} is another one than that which was "
                "promoted. Roll back to a whole version."
            )
            raise ProductionError(msg)
