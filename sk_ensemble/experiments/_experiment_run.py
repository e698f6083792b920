"""What stays the same from the first fit of an experiment to the last."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sk_ensemble.experiments._assemble import Source
from sk_ensemble.experiments._cache import FitCache
from sk_ensemble.experiments._code import library_versions
from sk_ensemble.experiments._cut_down import cut_down
from sk_ensemble.experiments._environment import environment
from sk_ensemble.experiments._fit import FitFailure
from sk_ensemble.experiments._periods import refuse_unscored_periods
from sk_ensemble.experiments._plan import Plan, make_plan
from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.experiments._tracker import Tracker
from sk_ensemble.experiments.config import ExperimentConfig
from sk_ensemble.utils.files import check_writable, sweep
from sk_ensemble.utils.fork_server import discard_early, start_early
from sk_ensemble.utils.memory import return_free_memory
from sk_ensemble.utils.workers import WORKER_MODULES, thread_variables

__all__ = ["ExperimentRun", "prepare"]


@dataclass(frozen=True, eq=False)
class ExperimentRun:
    """Hold the experiment, its samples and its fits, and where all of it goes."""

    config: ExperimentConfig
    source: Source
    samples: Mapping[int, HorizonSamples]
    plan: Plan
    cache: FitCache
    result: ResultDir
    record: Mapping[str, Any]
    environment: Mapping[str, Any]
    tracker: Tracker | None = None
    failures: dict[str, FitFailure] = field(default_factory=dict)
    #: What ends with the run, however it ends: the workers.
    at_end: ExitStack = field(default_factory=ExitStack)

    @property
    def base_dir(self) -> Path:
        return Path(self.config.output.base_dir)

    @property
    def n_bytes(self) -> int:
        """Size of the bars, bytes."""
        blocks = {id(s.X.history): s.X.history.block for s in self.samples.values()}
        return sum(block.nbytes for block in blocks.values())

    def config_of(self, model: str, horizon: int) -> str:
        """Return the YAML of the experiment, cut down to one model and horizon."""
        return cut_down(self.config, model, horizon).to_yaml()

    def ensembles_of(self, horizon: int) -> list[str]:
        """Return the names of the cells that are made of the models of a horizon."""
        return [f"{method}_h{horizon}" for method in self.config.ensemble.methods]


def _plan_record(config: ExperimentConfig, plan: Plan) -> dict[str, Any]:
    """Return what a later process must find unchanged, and the list of fits."""
    return {
        "config": config.canonical(),
        "digests": dict(plan.digests),
        "libraries": library_versions(),
        "tasks": [
            {
                "name": task.name,
                "model": task.model,
                "horizon": task.horizon,
                "fold": task.fold,
                "digest": task.digest,
            }
            for task in plan.tasks
        ],
    }


def _open_result(
    config: ExperimentConfig,
    record: Mapping[str, Any],
    facts: Mapping[str, Any],
    resume: bool,
) -> ResultDir:
    """Return the directory to go on with, or a new one."""
    base_dir = Path(config.output.base_dir)
    if resume:
        latest = ResultDir.latest(base_dir, config.experiment.name)
        if latest is not None:
            latest.check_same(record)
            return latest
    return ResultDir.create(config, record, facts)


def _sweep_all(base_dir: Path, result_dir: Path) -> None:
    """Remove what processes that were killed have left half-written."""
    places = (base_dir, base_dir / "runs", base_dir / "results", result_dir)
    for folder in (*places, *(base_dir / "cache").glob("*"), result_dir / "tracking"):
        sweep(folder)
    for folder in (base_dir / "cache" / "fits").glob("*"):
        sweep(folder)


def _start_workers_early(config: ExperimentConfig) -> None:
    """Let what workers are forked from do its imports while samples are made."""
    if config.run.n_jobs != 1 and config.run.cluster is None:
        start_early(WORKER_MODULES, thread_variables(config.run.threads_per_task))


def prepare(config: ExperimentConfig, resume: bool, use_cache: bool) -> ExperimentRun:
    """Do everything that can go wrong before the first fit."""
    _start_workers_early(config)
    base_dir = Path(config.output.base_dir)
    source = make_source(config)
    samples = {h: source.samples(h) for h in config.horizons}
    refuse_unscored_periods(samples.values())
    plan = make_plan(samples, config)
    where = environment(config, plan.digests)
    record = _plan_record(config, plan)
    cache = FitCache(base_dir / "cache" / "fits", is_read=use_cache)
    for folder in (base_dir / "runs", cache.root):
        check_writable(folder)
    result = _open_result(config, record, where, resume)
    _sweep_all(base_dir, result.path)
    run = ExperimentRun(config, source, samples, plan, cache, result, record, where)
    run.at_end.callback(discard_early)
    return_free_memory(run.n_bytes)
    return run
