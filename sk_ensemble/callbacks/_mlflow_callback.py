"""Record fits in MLflow, wherever their parts run and whether MLflow answers or not."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from sk_ensemble.callbacks._addresses import without_owner
from sk_ensemble.callbacks._events import begin_event, curve_event, end_event
from sk_ensemble.callbacks._replay import replay_in_time
from sk_ensemble.callbacks._spool import Spool
from sk_ensemble.callbacks._tasks import fit_of, is_recorded, path_of
from sk_ensemble.callbacks._tracking_store import TrackingStore

__all__ = ["MLflowCallback"]

_SPOOL_DIR = Path("experiments") / "mlflow-spool"

#: What identifies a fit, and how many values of its curves are written.
_Fit = tuple[uuid.UUID, tuple[int, ...]]


class MLflowCallback:
    """Record a fit in MLflow: parameters, scores, and the losses of every round.

    Set it on the outermost estimator, whatever that is. A single model or a Pipeline
    becomes one run. A search becomes a run with one nested run per candidate, and in
    each of those one per fold: the candidates have the scores, the folds the losses of
    each round or epoch. The refit is a nested run, too, and so are the members of an
    ensemble.

    It follows scikit-learn's callback protocol (`sklearn.callback`). During the fit
    every process appends what happens to a file of its own, and at the end everything
    is recorded in MLflow, run by run. So worker processes lose nothing, a fit never
    waits for a server, and a server that is down, slow or not there costs a warning
    and no data: the files stay, and `replay_spool` records them later, once.

    Parameters
    ----------
    tracking_uri : str, path or None, default=None
        Address of an MLflow store or server, or path of an SQLite file. None: the
        environment variable ``MLFLOW_TRACKING_URI``, or else the SQLite file
        ``experiments/mlflow.db``, which is made before the fit begins.
    experiment_name : str, default="sk_ensemble"
        Experiment of MLflow that holds the runs.
    run_name : str or None, default=None
        Name of the outermost run. None means the class of the estimator.
    tags : dict of str or None, default=None
        Tags of the outermost run.
    spool_dir : str, path or None, default=None
        Directory for the files, which all worker processes must share. None means
        ``experiments/mlflow-spool``.
    timeout : float, default=30.0
        Seconds that recording one run may take before it is left to `replay_spool`.
    max_propagation_depth : int or None, default=None
        How many levels of estimators within estimators take part. None means all.

    Warns
    -----
    UserWarning
        If anything could not be written or recorded. The fit goes on in any case.

    See Also
    --------
    replay_spool : Record later what could not be recorded at once.
    TrackingStore : Record runs of one's own.

    Notes
    -----
    Nothing of the data is recorded. Parameters are those of `get_params`, as text, and
    for candidates and folds those that the search has set. Curves come from
    ``history_``, step by step, which all families that train in rounds have; scores
    come from ``cv_results_``. In a run with several curves of one name each has the
    name of its step before it. See `TrackingStore` for names and values that MLflow
    does not take.

    scikit-learn warns where a callback meets an estimator that does not support
    callbacks. Such a fit is recorded all the same, without what happens in it.

    A process that is killed leaves its files; `replay_spool` records it as failed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sk_ensemble import XGBoostClassifier
    >>> from sk_ensemble.callbacks import MLflowCallback, TrackingStore
    >>> X = np.random.default_rng(0).normal(size=(80, 2))
    >>> model = XGBoostClassifier(n_estimators=4)
    >>> search = GridSearchCV(model, {"max_depth": [2, 3]}, cv=2)
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = Path(folder.name) / "mlflow.db"
    >>> callback = MLflowCallback(store, spool_dir=Path(folder.name) / "spool")
    >>> search = search.set_callbacks(callback).fit(X, X[:, 0] > 0)
    >>> client = TrackingStore(store).client()
    >>> runs = client.search_runs(["1"], order_by=["attributes.start_time"])
    >>> sorted(run.info.run_name for run in runs)  # doctest: +NORMALIZE_WHITESPACE
    ['GridSearchCV', 'candidate-0', 'candidate-1', 'fold-0', 'fold-0', 'fold-1',
     'fold-1', 'refit']
    >>> refit = next(run for run in runs if run.info.run_name == "refit")
    >>> len(client.get_metric_history(refit.info.run_id, "train_loss"))
    4
    >>> folder.cleanup()
    """

    def __init__(
        self,
        tracking_uri: str | PathLike[str] | None = None,
        experiment_name: str = "sk_ensemble",
        run_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        spool_dir: str | PathLike[str] | None = None,
        *,
        timeout: float = 30.0,
        max_propagation_depth: int | None = None,
    ) -> None:
        self.tracking_uri = tracking_uri
        self.experiment_name = experiment_name
        self.run_name = run_name
        self.tags = tags
        self.spool_dir = spool_dir
        self.timeout = timeout
        self._max_propagation_depth = max_propagation_depth
        # Workers may have another working directory.
        self._base = Path(_SPOOL_DIR if spool_dir is None else spool_dir).resolve()
        self._n_seen: dict[_Fit, int] = {}

    @property
    def max_propagation_depth(self) -> int | None:
        """How many levels of estimators within estimators take part; None: all."""
        return self._max_propagation_depth

    def __repr__(self) -> str:
        uri = self.tracking_uri
        shown = uri if uri is None else without_owner(fspath(uri))
        return (
            f"MLflowCallback(tracking_uri={shown!r}, "
            f"experiment_name={self.experiment_name!r})"
        )

    def _spool(self, context: Any) -> Spool:
        return Spool(self._base / context.root_uuid.hex)

    def setup(self, estimator: Any, context: Any) -> None:
        """Make the files' directory and an SQLite store, before anything is fitted.

        Parameters
        ----------
        estimator : estimator
            The outermost estimator.
        context : CallbackContext
            Its fit.
        """
        store = TrackingStore(self.tracking_uri, self.experiment_name)
        header = {
            "spool_id": context.root_uuid.hex,
            "tracking_uri": without_owner(store.tracking_uri),
            "experiment_name": self.experiment_name,
            "run_name": self.run_name,
            "tags": {} if self.tags is None else dict(self.tags),
        }
        self._guarded(lambda: self._spool(context).create(header))
        if store.sqlite_file is not None:
            self._guarded(store.prepare)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Write that a task begins.

        Parameters
        ----------
        estimator : estimator
            The estimator that the task is a part of.
        context : CallbackContext
            The task.
        """
        if is_recorded(context):
            self._write(context, lambda: begin_event(estimator, context))

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Write that a task has ended, and what has been added to the curves.

        Parameters
        ----------
        estimator : estimator
            The estimator that the task is a part of.
        context : CallbackContext
            The task.
        """
        self._write(context, lambda: self._new_values(estimator, context))
        if is_recorded(context):
            self._write(context, lambda: end_event(estimator, context))

    def _new_values(self, estimator: Any, context: Any) -> dict[str, Any] | None:
        """Return what has been added to the curves of a fit since it was last asked."""
        fit = fit_of(context)
        key = (context.root_uuid, tuple(path_of(fit)))
        event, n_seen = curve_event(estimator, fit, self._n_seen.pop(key, 0))
        if fit is not context:
            self._n_seen[key] = n_seen
        return event

    def teardown(self, estimator: Any, context: Any) -> None:
        """Record everything in MLflow, or say how to do so later.

        Parameters
        ----------
        estimator : estimator
            The outermost estimator.
        context : CallbackContext
            Its fit.
        """
        spool = self._spool(context)
        if not spool.exists():
            return
        self._guarded(spool.end)
        try:
            replay_in_time(spool, self.timeout, self.tracking_uri)
        except Exception as error:
            msg = (
                f"The fit was not recorded in MLflow: {error!r}. Its events are "
                f"kept in {spool.folder}; record them later with "
                f"sk_ensemble.callbacks.replay_spool({str(spool.folder)!r})."
            )
            warnings.warn(msg, UserWarning, stacklevel=2)

    def _write(
        self, context: Any, make_event: Callable[[], dict[str, Any] | None]
    ) -> None:
        """Make an event and write it, where there is a place for it."""
        spool = self._spool(context)
        if not spool.exists():
            return

        def write() -> None:
            event = make_event()
            if event is not None:
                spool.append(event)

        self._guarded(write)

    def _guarded(self, action: Callable[[], Any]) -> None:
        """Do something that must not stop a fit."""
        try:
            action()
        except Exception as error:
            msg = (
                f"A part of the fit is not recorded for MLflow: {error!r}. The fit "
                f"goes on. Check {self._base} and the tracking store."
            )
            warnings.warn(msg, UserWarning, stacklevel=3)
