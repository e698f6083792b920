"""An MLflow store, without MLflow's global state."""

from __future__ import annotations

import logging
import math
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sk_ensemble.callbacks._addresses import without_owner
from sk_ensemble.callbacks._names import param_text, safe_name, shown
from sk_ensemble.callbacks._run_record import RunRecord
from sk_ensemble.utils.files import write_whole
from sk_ensemble.utils.optional import import_optional

__all__ = ["TrackingStore"]

_DEFAULT_FILE = Path("experiments") / "mlflow.db"
_SQLITE = "sqlite:///"
_ARTIFACTS = "mlartifacts"

#: Our own tags, by which runs are found again.
_GROUP = "sk_ensemble.matrix_id"
_EVENT = "sk_ensemble.event_id"
_NOT_FINITE = "sk_ensemble.not_finite"

#: Seconds to wait for a server to take a connection.
_CONNECT = 5.0
#: Tells the user interface that these are models, and not chats to be judged.
_KIND = {"mlflow.experimentKind": "custom_model_development"}


def _default_uri() -> str:
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}{_DEFAULT_FILE}"


def _resolved(uri: str | os.PathLike[str] | None) -> str:
    """Return an address that means the same from any working directory."""
    text = _default_uri() if uri is None else os.fspath(uri)
    if "://" not in text:
        return f"{_SQLITE}{Path(text).resolve()}"
    if text.startswith(_SQLITE):
        return f"{_SQLITE}{Path(text.removeprefix(_SQLITE)).resolve()}"
    return text


def _refuse_dead_server(uri: str) -> None:
    """Raise at once if nobody listens, as MLflow would try again for minutes."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with socket.create_connection((parts.hostname, port), timeout=_CONNECT):
        pass


def _refuse_dead_database(uri: str) -> None:
    """Raise at once if a database takes no connection, for the same reason."""
    if "://" not in uri or uri.startswith((_SQLITE, "http", "databricks", "file")):
        return
    sqlalchemy = import_optional("sqlalchemy", extra="experiments")
    engine = sqlalchemy.create_engine(uri)
    try:
        engine.connect().close()
    except sqlalchemy.exc.OperationalError as error:
        # The message of the driver names host and user, and never the password.
        msg = f"The database takes no connection: {error.orig}"
        raise ConnectionError(" ".join(msg.split())) from None
    finally:
        engine.dispose()


def _make_tables(file: Path, artifacts: Path) -> None:
    stores = import_optional(
        "mlflow.store.tracking.sqlalchemy_store", extra="experiments"
    )
    store = stores.SqlAlchemyStore(f"{_SQLITE}{file}", artifacts.as_uri())
    store.engine.dispose()


def _make_database(file: Path) -> None:
    """Make a store aside and move it into place.

    MLflow makes it in hundreds of steps, which another process must not make at the
    same time, and which cannot be finished where a process was killed between them.
    """
    filelock = import_optional("filelock", extra="experiments")
    file.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(file.with_name(f".{file.name}.lock")):
        if not file.exists():
            artifacts = file.parent / _ARTIFACTS
            write_whole(file, lambda scratch: _make_tables(scratch, artifacts))


def _finite_metrics(record: RunRecord, end: int) -> list[Any]:
    """Return the metrics of a record for MLflow."""
    entities = import_optional("mlflow.entities", extra="experiments")
    return [
        entities.Metric(
            safe_name(point.name),
            float(point.value),
            end if point.time is None else point.time,
            point.step,
        )
        for point in record.metrics
        if math.isfinite(point.value)
    ]


def _not_finite(record: RunRecord) -> dict[str, str]:
    """Return a tag that counts the values left out, if there are any."""
    names = Counter(p.name for p in record.metrics if not math.isfinite(p.value))
    if not names:
        return {}
    counts = [f"{name} ({count})" for name, count in sorted(names.items())]
    return {_NOT_FINITE: ", ".join(counts)}


def _params(record: RunRecord) -> list[Any]:
    entities = import_optional("mlflow.entities", extra="experiments")
    return [
        entities.Param(safe_name(name), param_text(shown(value)))
        for name, value in record.params.items()
    ]


class TrackingStore:
    """Record runs in MLflow, each once, without touching MLflow's global state.

    Runs are described first (`RunRecord`) and recorded afterwards, with one batch of
    parameters and metrics per run. Every run carries the tags
    ``sk_ensemble.matrix_id``, of the group it was recorded with, and
    ``sk_ensemble.event_id``, so that recording the same again adds nothing, also where
    the first attempt was cut short.

    Parameters
    ----------
    tracking_uri : str, path or None, default=None
        Address of an MLflow store or server, or path of an SQLite file. None: the
        environment variable ``MLFLOW_TRACKING_URI``, or else the SQLite file
        ``experiments/mlflow.db``.
    experiment_name : str, default="sk_ensemble"
        Experiment of MLflow that holds the runs; it is made where it is missing.

    Attributes
    ----------
    tracking_uri : str
        The address, independent of the working directory.

    Notes
    -----
    The artifacts of an SQLite store lie in ``mlartifacts`` beside it. Names with
    characters that MLflow forbids have ``_`` for them, and names too long are cut; both
    then end in a digest. Values of parameters are cut at 6,000 characters. Metrics that
    are not finite are left out and counted in the tag ``sk_ensemble.not_finite``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.callbacks import MetricPoint, RunRecord, TrackingStore
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = TrackingStore(Path(folder.name) / "mlflow.db")
    >>> record = RunRecord(
    ...     event_id="first", name="first", metrics=(MetricPoint("loss", 0.7),)
    ... )
    >>> once, again = store.log([record], "demo"), store.log([record], "demo")
    >>> once == again
    True
    >>> folder.cleanup()
    """

    def __init__(
        self,
        tracking_uri: str | os.PathLike[str] | None = None,
        experiment_name: str = "sk_ensemble",
    ) -> None:
        self.tracking_uri = _resolved(tracking_uri)
        self.experiment_name = experiment_name

    @property
    def sqlite_file(self) -> Path | None:
        """File of the store, None if it is no SQLite file."""
        if not self.tracking_uri.startswith(_SQLITE):
            return None
        return Path(self.tracking_uri.removeprefix(_SQLITE))

    def client(self) -> Any:
        """Return an MLflow client of the store.

        Returns
        -------
        client : mlflow.MlflowClient
            Its SQLite file is made where it is missing.

        Raises
        ------
        ImportError
            If MLflow is not installed.
        OSError
            If nobody listens at the address.
        """
        _refuse_dead_server(self.tracking_uri)
        mlflow = import_optional("mlflow", extra="experiments")
        # The migrations that make a new store announce each of their steps.
        for name in ("alembic", "mlflow.store.db.utils"):
            logging.getLogger(name).setLevel(logging.WARNING)
        _refuse_dead_database(self.tracking_uri)
        if self.sqlite_file is not None and not self.sqlite_file.exists():
            _make_database(self.sqlite_file)
        return mlflow.MlflowClient(self.tracking_uri)

    def prepare(self) -> str:
        """Make the store and its experiment where they are missing.

        Worker processes that log at the same time must find both there.

        Returns
        -------
        experiment_id : str
            Identifier of the experiment.
        """
        return self._experiment_id(self.client())

    def _artifact_location(self) -> str | None:
        """Return where artifacts go; None leaves it to the server."""
        if self.sqlite_file is None:
            return None
        return (self.sqlite_file.parent / _ARTIFACTS).as_uri()

    def _find_experiment(self, client: Any) -> str | None:
        found = client.get_experiment_by_name(self.experiment_name)
        is_there = found is not None and found.lifecycle_stage == "active"
        return str(found.experiment_id) if is_there else None

    def _experiment_id(self, client: Any) -> str:
        """Return the experiment, which another process may be making just now."""
        found = self._find_experiment(client)
        if found is not None:
            return found
        with suppress(Exception):
            client.create_experiment(
                self.experiment_name,
                artifact_location=self._artifact_location(),
                tags=_KIND,
            )
        found = self._find_experiment(client)
        if found is None:
            msg = (
                f"The experiment {self.experiment_name!r} cannot be made in "
                f"{without_owner(self.tracking_uri)}. If it was deleted there, "
                "restore it or choose another experiment_name."
            )
            raise RuntimeError(msg)
        return found

    def log(self, records: Sequence[RunRecord], group: str) -> dict[str, str]:
        """Record runs that are not in the store yet.

        Parameters
        ----------
        records : sequence of RunRecord
            The runs, parents before children.
        group : str
            What belongs together, such as one experiment; becomes the tag
            ``sk_ensemble.matrix_id``.

        Returns
        -------
        run_ids : dict of str
            MLflow's identifiers by `event_id`, of all records.
        """
        return dict(self.log_one_by_one(records, group))

    def log_one_by_one(
        self, records: Sequence[RunRecord], group: str
    ) -> Iterator[tuple[str, str]]:
        """Record runs and say after each that it is done.

        Parameters
        ----------
        records : sequence of RunRecord
            The runs, parents before children.
        group : str
            What belongs together.

        Yields
        ------
        event_id, run_id : str
            Our identifier and MLflow's.
        """
        client = self.client()
        experiment_id = self._experiment_id(client)
        known = _runs_of_group(client, experiment_id, group)
        ids = {event_id: run.info.run_id for event_id, run in known.items()}
        for record in records:
            run = known.get(record.event_id)
            if run is None or not _is_whole(run, record):
                ids[record.event_id] = _log_run(
                    client, experiment_id, record, group, ids, run
                )
            yield record.event_id, ids[record.event_id]


def _is_whole(run: Any, record: RunRecord) -> bool:
    """Tell whether nothing is missing of a record.

    A run that was killed or has failed may have gone on and ended otherwise.
    """
    status = run.info.status
    return status == "FINISHED" or (status != "RUNNING" and status == record.status)


def _runs_of_group(client: Any, experiment_id: str, group: str) -> dict[str, Any]:
    """Return the runs of a group that are in the store, by event."""
    query = f"tags.`{_GROUP}` = '{group}'"
    found: dict[str, Any] = {}
    token = None
    while True:
        page = client.search_runs([experiment_id], query, page_token=token)
        found |= {run.data.tags[_EVENT]: run for run in page}
        token = page.token
        if not token:
            return found


def _tags(record: RunRecord, group: str, parent: str | None) -> dict[str, str]:
    own = {safe_name(name): str(value) for name, value in record.tags.items()}
    tags = own | _not_finite(record)
    if parent is not None:
        tags["mlflow.parentRunId"] = parent
    return tags | {_GROUP: group, _EVENT: record.event_id}


def _new_run(
    client: Any, experiment_id: str, record: RunRecord, group: str, ids: dict[str, str]
) -> str:
    # The parent may have been deleted from the store meanwhile.
    parent = None if record.parent is None else ids.get(record.parent)
    run = client.create_run(
        experiment_id,
        start_time=record.end if record.start is None else record.start,
        tags=_tags(record, group, parent),
        run_name=record.name,
    )
    return str(run.info.run_id)


def _log_run(
    client: Any,
    experiment_id: str,
    record: RunRecord,
    group: str,
    ids: dict[str, str],
    known: Any,
) -> str:
    """Record one run, or what is missing of it."""
    end = int(time.time() * 1000) if record.end is None else record.end
    record = replace(record, end=end)
    run_id = ids.get(record.event_id)
    if run_id is None:
        run_id = _new_run(client, experiment_id, record, group, ids)
    # A parameter that is there cannot change, and the first value is kept.
    old = {} if known is None else known.data.params
    params = [param for param in _params(record) if param.key not in old]
    client.log_batch(run_id, _finite_metrics(record, end), params)
    for path in record.artifacts:
        # What was removed meanwhile cannot be shown.
        if path.exists():
            log = client.log_artifacts if path.is_dir() else client.log_artifact
            log(run_id, str(path))
    if record.status != "RUNNING":
        client.set_terminated(run_id, status=record.status, end_time=end)
    elif known is not None and known.info.status != "RUNNING":
        client.update_run(run_id, status="RUNNING")
    return run_id
