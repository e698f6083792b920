"""The versions of every model that was taken live."""

from __future__ import annotations

import builtins
import os
import warnings
from collections.abc import Collection, Iterable
from itertools import chain
from pathlib import Path

import pandas as pd

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.production._checks import (
    all_checks,
    known_name,
    model_names,
    promoted_digests,
)
from sk_ensemble.production._gate import Gate
from sk_ensemble.production._gates import Judgement, standard_gates
from sk_ensemble.production._keys import checked_key
from sk_ensemble.production._lock import locked
from sk_ensemble.production._mirror import mirror
from sk_ensemble.production._model_store import ModelStore
from sk_ensemble.production._model_version import ModelVersion
from sk_ensemble.production._names import checked_name
from sk_ensemble.production._overview import (
    check_table,
    history_table,
    version_rows,
    version_table,
)
from sk_ensemble.production._promotion import blank, promote, roll_back
from sk_ensemble.production._run_files import read_run
from sk_ensemble.production._version_files import folder_of

__all__ = ["ProductionRegistry"]


class ProductionRegistry:
    """Keep the versions of every model that was taken live, and say which one is.

    A version is a directory that never changes::

        <root>/xgboost_h5/v3/model/         the saved model
                            /metadata.json  origin, gates, digests of all files
                            /config.yaml    configuration of its run
                         /history/000017.json

    The last entry of the history says which version is live. Versions and entries are
    written aside, forced to the disk and put into place where there is nothing, so that
    a kill at any moment leaves the old version live and whole, and of several processes
    each gets a version of its own.

    Parameters
    ----------
    root : str or path-like, default='experiments/registry'
        Its directory, made with the first promotion.
    key : bytes or None, default=None
        A secret to sign the history with (HMAC-SHA256). It is asked for whenever
        something is read then, and finds malice and not only damage.
    tracking_uri : str or None, default=None
        Address of an MLflow store or server, or path of an SQLite file, to whose model
        registry versions are mirrored, with the alias ``champion`` for the live one.
        None: MLflow is left alone.

    Attributes
    ----------
    root : Path
        The directory.

    Raises
    ------
    ProductionError
        If the key is too short to be a secret.

    See Also
    --------
    standard_gates : What a model must pass to go live.
    sk_ensemble.persistence.save_model : The format of saved models.

    Notes
    -----
    Names of models are 1 to 64 small letters, digits, ``.``, ``_`` and ``-``. Links
    below the root are refused. File systems need hard links and locks (`flock`); where
    locks do nothing, no version is lost or shared either, but numbers may be taken by
    versions that never went live.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.experiments import parse_experiment, run_experiment
    >>> from sk_ensemble.production import ProductionRegistry
    >>> folder = tempfile.TemporaryDirectory()
    >>> result = run_experiment(parse_experiment(f'''
    ... horizons: [5]
    ... models: [volatility]
    ... data: {{symbols: [IF], start: "2020-01-01", train_end: "2021-05-31",
    ...        val_end: "2021-06-30", end: "2021-09-30"}}
    ... cv: {{n_splits: 2, embargo_size: 300}}
    ... mlflow: {{enabled: false}}
    ... output: {{base_dir: "{folder.name}"}}
    ... run: {{n_jobs: 1}}
    ... '''))
    >>> (run,) = Path(folder.name).glob("runs/volatility_h5_*")
    >>> registry = ProductionRegistry(Path(folder.name) / "registry")
    >>> version = registry.promote(
    ...     run, "volatility_h5", override=["latency"], reason="Not for trading."
    ... )
    >>> version.number, registry.current("volatility_h5").number
    (1, 1)
    >>> registry.list()["state"].tolist()
    ['current']
    >>> folder.cleanup()
    """

    def __init__(
        self,
        root: str | os.PathLike[str] = "experiments/registry",
        *,
        key: bytes | None = None,
        tracking_uri: str | None = None,
    ) -> None:
        self.root = Path(root)
        self._key = checked_key(key)
        self._tracking_uri = tracking_uri

    def __repr__(self) -> str:
        return f"ProductionRegistry({str(self.root)!r})"

    def names(self) -> builtins.list[str]:
        """Return the names of all models that have a history, in alphabetical order.

        Returns
        -------
        names : list of str
            Names, without those of links and of what cannot be a name.
        """
        return model_names(self.root)

    def promote(
        self,
        run: str | os.PathLike[str],
        name: str,
        *,
        gates: Iterable[Gate] | None = None,
        override: Collection[str] = (),
        reason: str | None = None,
    ) -> ModelVersion:
        """Take the model of a run live, if it passes the gates.

        Parameters
        ----------
        run : str or path-like
            Run directory with a saved model. Paths of data in its configuration are
            relative to the working directory.
        name : str
            Name of the model in production, such as ``"xgboost_h5"``.
        gates : iterable of gates or None, default=None
            What to judge it by; None: `standard_gates`. A standard gate that is not
            among them must be overridden. Any object with a ``name`` and a method
            ``check`` that takes `Evidence` and returns a `GateOutcome` is a gate.
        override : collection of str, default=()
            Names of gates that need not be passed. They are asked all the same, and
            what they say is recorded.
        reason : str or None, default=None
            Why; needed where something is overridden.

        Returns
        -------
        version : ModelVersion
            The new version, which is live.

        Raises
        ------
        GateError
            If a gate is not passed. The old version stays live, and what came out is
            in the history.
        ProductionError
            If name, run, gates or registry cannot be used.

        Warns
        -----
        UserWarning
            If MLflow could not be told; `mirror` tries again.
        """
        name = checked_name(name)
        chosen = standard_gates() if gates is None else gates
        judgement = Judgement.of(chosen, override, reason)
        store = ModelStore(self.root, name, self._key)
        version = promote(store, read_run(Path(run)), judgement)
        self._tell_mlflow(name)
        return version

    def current(self, name: str) -> ModelVersion:
        """Return the version that is live.

        Parameters
        ----------
        name : str
            Name of the model.

        Returns
        -------
        version : ModelVersion
            Its files are compared with their digests when it is loaded.

        Raises
        ------
        ProductionError
            If there is none, or the last entry of the history is damaged or not signed.
        """
        version = self._store(name).live()
        if version is None:
            msg = f"Nothing of {name!r} has gone live in {self.root} yet."
            raise ProductionError(msg)
        return version

    def version(self, name: str, number: int) -> ModelVersion:
        """Return a version that is or was live.

        Parameters
        ----------
        name : str
            Name of the model.
        number : int
            Number of the version.

        Raises
        ------
        ProductionError
            If there is none, or the history is damaged.
        """
        store = self._store(name)
        return store.known(store.events(), number)

    def rollback(
        self, name: str, to: int | None = None, *, reason: str | None = None
    ) -> ModelVersion:
        """Make an earlier version live again.

        All files of that version are compared with their digests before.

        Parameters
        ----------
        name : str
            Name of the model.
        to : int or None, default=None
            Number of a version that was live; None: the last one before the live one.
        reason : str or None, default=None
            Why, for the history.

        Returns
        -------
        version : ModelVersion
            The version that is live now.

        Raises
        ------
        ProductionError
            If there is no such version or it is not whole. What is live stays live.
        """
        version = roll_back(self._store(name), to, reason)
        self._tell_mlflow(name)
        return version

    def list(self, name: str | None = None) -> pd.DataFrame:
        """Return one row per version.

        Parameters
        ----------
        name : str or None, default=None
            Name of a model; None means all.

        Returns
        -------
        versions : DataFrame
            ``name``, ``version``, ``state`` (``"current"``, ``"earlier"``, or ``"never
            live"`` for one whose promotion was interrupted), ``model``, ``horizon``,
            ``trained_until``, ``promoted``, ``run``, ``overridden``.

        Raises
        ------
        ProductionError
            If metadata or history are damaged.
        """
        names = self.names() if name is None else [name]
        stores = [self._store(one) for one in names]
        parts = (version_rows(self.root, one.name, one.events()) for one in stores)
        return version_table(chain.from_iterable(parts))

    def history(self, name: str) -> pd.DataFrame:
        """Return everything that happened to a model, oldest first.

        Parameters
        ----------
        name : str
            Name of the model.

        Returns
        -------
        history : DataFrame
            ``number``, ``time``, ``action`` (``"looked"`` at data, ``"refused"``,
            ``"promoted"``, ``"rolled back"``, ``"signed"``), ``version`` that it is
            about, version that is ``current`` since, ``run``, ``reason``, ``details``.

        Raises
        ------
        ProductionError
            If an entry is missing, damaged or out of place.
        """
        return history_table(self._store(name).events())

    def verify(
        self,
        name: str | None = None,
        version: int | None = None,
        *,
        key: bytes | None = None,
    ) -> pd.DataFrame:
        """Compare all files with their digests, and the history with itself.

        Parameters
        ----------
        name : str or None, default=None
            Name of a model; None means all.
        version : int or None, default=None
            The only version to look at, beside the history.
        key : bytes or None, default=None
            What the history must be signed with; None: the key of the registry.

        Returns
        -------
        checks : DataFrame
            ``name``, ``part``, ``state`` and ``fault``, which is None throughout.

        Raises
        ------
        ProductionError
            If anything is damaged, missing, left over, a link, or not signed as it
            should be; all faults are listed.

        Notes
        -----
        A digest finds damage; it finds no malice, as whoever can write to the registry
        can compute digests. With a key, it finds whatever was changed without the key;
        what it cannot find is that the newest entries were taken away, which makes an
        older state of the registry, signed as it was.
        """
        checks = all_checks(self.root, name, version, self._or_own(key))
        faults = [check.fault for check in checks if check.fault]
        if faults:
            lines = "\n".join(f"- {fault}" for fault in faults)
            msg = f"{self.root} has {len(faults)} fault(s):\n{lines}"
            raise ProductionError(msg)
        return check_table(checks)

    def sign(self, name: str, *, key: bytes | None = None) -> None:
        """Vouch with a key for a history, and so for all versions it names.

        Everything is verified before, and only what is whole is signed. From then on
        the key is needed for whatever changes the history.

        Parameters
        ----------
        name : str
            Name of the model.
        key : bytes or None, default=None
            The secret; None: the key of the registry.

        Raises
        ------
        ProductionError
            If there is no key, the history is signed with another one, or something
            is damaged.
        """
        store = self._store(name, checked_key(key))
        if self._or_own(key) is None:
            msg = "There is no key to sign with. Pass key=."
            raise ProductionError(msg)
        with store.locked():
            ProductionRegistry(self.root).verify(name)
            store.journal.append(lambda last: blank("signed", last), vouch=True)

    def mirror(self, name: str) -> None:
        """Tell MLflow which versions there are, and which one is live.

        Promotion and rollback do so by themselves; this is for when MLflow was down.

        Parameters
        ----------
        name : str
            Name of the model.

        Raises
        ------
        ProductionError
            If there is no address of MLflow, or no version.
        """
        store = self._store(name)
        if self._tracking_uri is None:
            msg = "There is no address of MLflow: ProductionRegistry(tracking_uri=...)."
            raise ProductionError(msg)
        with locked(self.root / ".mirror"):
            # Read inside of the lock, so that the last one to write knows the most.
            live = self.current(name)
            versions = {
                number: (self.root / name / folder_of(number), sha256)
                for number, sha256 in promoted_digests(store.events()).items()
            }
            mirror(self._tracking_uri, name, versions, live.number)

    def _tell_mlflow(self, name: str) -> None:
        """Mirror what is live; nothing that MLflow does can undo what was done."""
        if self._tracking_uri is None:
            return
        try:
            self.mirror(name)
        except Exception as error:
            msg = f"MLflow was not told of {name!r}: {type(error).__name__}: {error}"
            warnings.warn(msg, UserWarning, stacklevel=3)

    def _or_own(self, key: bytes | None) -> bytes | None:
        return self._key if key is None else key

    def _store(self, name: str, key: bytes | None = None) -> ModelStore:
        """Return what finds the versions of a model that there is."""
        name = known_name(self.root, name)
        return ModelStore(self.root, name, self._or_own(key))
