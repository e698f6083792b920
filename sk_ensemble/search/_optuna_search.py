"""Search for parameters with Optuna, on folds that respect time."""

from __future__ import annotations

import time
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Tags, indexable
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray
from sk_ensemble.panel import refuse_other_index
from sk_ensemble.search._evaluation import Evaluation
from sk_ensemble.search._facts import describe_search
from sk_ensemble.search._inputs import (
    default_scorer,
    has_probabilities,
    labels_of,
    one_dimensional,
    profits_of,
    refuse_empty,
    refuse_one_sample,
)
from sk_ensemble.search._optuna import quiet
from sk_ensemble.search._overfitting_report import OverfittingReport, make_report
from sk_ensemble.search._periods import periods_of
from sk_ensemble.search._prediction_files import PredictionFiles
from sk_ensemble.search._results import (
    TrialRow,
    cv_results,
    refuse_without_scores,
    rows_of,
)
from sk_ensemble.search._run_trials import TrialRunner
from sk_ensemble.search._search_space import as_space
from sk_ensemble.search._series import SeriesMaker
from sk_ensemble.search._study import open_study
from sk_ensemble.utils.rows import count_rows
from sk_ensemble.utils.sklearn_api import (
    BaseSearchCV,
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
)

__all__ = ["OptunaSearchCV"]


class OptunaSearchCV(BaseSearchCV):
    """Search for parameters with Optuna, on folds that respect time.

    It works as scikit-learn's searches do, and in addition

    * goes on where it was cut short, with the same result as if it had not been;
    * ends trials early that do badly on the first folds;
    * knows what to search of the models in the registry;
    * reports what the winner is worth, given how many were tried
      (`overfitting_report`).

    Parameters
    ----------
    estimator : estimator
        What is tuned: a classifier or regressor, or a Pipeline.
    param_distributions : "auto", dict or callable, default="auto"
        "auto" takes the `search_space` of the registered model that `estimator` is or
        ends in. A dict has distributions of Optuna by the names of `set_params`. A
        callable takes a trial of Optuna and returns parameters; it must return the
        same for the same suggestions.
    n_trials : int, default=50
        Trials that the study has in the end, those of earlier calls included.
    cv : int, cross-validator, iterable or None, default=None
        Folds, by scikit-learn's rules; the splitters of `sk_ensemble.model_selection`
        respect time. They are made once and are the same for all trials.
    scoring : str, callable or None, default=None
        Score to be maximised, by scikit-learn's rules. None: minus the log loss over
        all classes of y for classifiers with probabilities, else the estimator's own.
    storage : str, path, optuna.storages.BaseStorage or None, default=None
        Where the study is kept: the path of a journal file, an address with ``://``, a
        storage of Optuna, or "memory". None: the journal file
        ``experiments/optuna/<study_name>.journal``.
    study_name : str or None, default=None
        Name of the study. One that exists goes on. None: a new name, which
        ``study_.study_name`` tells.
    sampler : callable, optuna.samplers.BaseSampler or None, default=None
        A callable makes a sampler from a seed, and is called for every trial. None
        makes ``TPESampler(seed=seed)``. A sampler itself keeps its state in memory, so
        a search that goes on elsewhere differs from one that was not cut short.
    pruner : optuna.pruners.BasePruner or None, default=None
        Decides after each fold, by the mean score so far, whether a trial ends early.
        None is Optuna's ``MedianPruner()``; ``optuna.pruners.NopPruner()`` prunes none.
    n_jobs : int or None, default=None
        Trials that are run at a time; None means 1. They propose without knowing of
        each other, so other `n_jobs` make another search.
    timeout : float or None, default=None
        Seconds after which no further trial is begun.
    refit : bool, default=True
        Whether the winner is fitted on all samples.
    random_state : int, RandomState or None, default=None
        Seed of the sampler. None draws one, which the study keeps.
    error_score : "raise" or nan, default=nan
        What to do when a fold cannot be fitted or scored. nan ends the trial as failed
        and goes on.
    return_train_score : bool, default=False
        Whether training rows are scored, too.
    profits : callable, BacktestScorer or None, default=None
        Gives the profits that `overfitting_report` is about: called with the fitted
        estimator and X and y of a test fold, it returns a Series indexed by time.
        A `BacktestScorer` will do. None: the gain in log loss.
    keep_predictions : str, path or None, default=None
        Directory for the predictions of all trials, which `oof_predictions` returns; a
        directory of the study's name is made in it. None keeps none.

    Attributes
    ----------
    study_ : optuna.Study
        The study.
    cv_results_ : dict of arrays
        One entry per trial of the study, in the order of their numbers, with the keys
        that scikit-learn's searches have and ``state``: "complete", "pruned", "fail",
        or "running" for those of other processes. Scores of folds that were not
        evaluated are NaN.
    best_params_ : dict
        Parameters of the winner.
    best_score_ : float
        Its mean score over the folds.
    best_index_ : int
        Its place in `cv_results_`, which is its number in the study.
    best_estimator_ : estimator
        The winner, fitted on all samples; only if `refit`.
    refit_time_ : float
        Seconds that took; only if `refit`.
    scorer_ : callable
        The score.
    n_splits_ : int
        Number of folds.
    multimetric_ : bool
        False: there is one score.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features; only if `refit` and where they have names.
    n_features_in_ : int
        Number of features; only if `refit`.
    classes_ : ndarray of shape (n_classes,)
        Classes; only if `refit` and the estimator is a classifier.

    Raises
    ------
    ResumeError
        If the study was begun with other data, folds, parameters or scores.
    ValueError
        If no trial has a finite score; lists the reasons.
    ImportError
        If Optuna is not installed.

    See Also
    --------
    search_space : What is searched of a registered model.
    winner_as_model_config : The winner as the configuration of a model.

    Notes
    -----
    optuna-integration has a class of the same name, which is another one: it knows
    neither splitters that need times nor how to go on to the same end.

    **Going on.** Every suggestion and every fold is stored at once. A trial that a
    killed process left behind is taken up again with the parameters it had and the
    folds it lacks. Proposals depend on the seed, the number of the trial and the
    earlier trials alone, so with ``n_jobs=1``, or the same `n_jobs`, the outcome is
    that of a search that was never interrupted; times apart. Several processes may work
    on one study at the same time; then it depends on which is faster.

    **Pruning.** A pruned trial has a score for some folds only, and no mean. It counts
    as a trial in `overfitting_report`.

    **What it may see.** Test rows of a fold are seen by the score alone. But the search
    as a whole has seen all of them: the winner's score is that of the best of many,
    and too good. Cross-validate the search itself, or keep a period aside.

    Examples
    --------
    >>> import numpy as np
    >>> from optuna.distributions import FloatDistribution
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sk_ensemble.model_selection import PurgedSplit
    >>> from sk_ensemble.search import OptunaSearchCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 5))
    >>> y = (X[:, 0] + rng.normal(size=300) > 0).astype(int)
    >>> search = OptunaSearchCV(
    ...     LogisticRegression(),
    ...     {"C": FloatDistribution(1e-4, 1e2, log=True)},
    ...     n_trials=12,
    ...     cv=PurgedSplit(4, purged_size=1),
    ...     storage="memory",
    ...     random_state=0,
    ... )
    >>> search = search.fit(X, y)
    >>> 1e-2 < search.best_params_["C"] < 1e2
    True
    >>> len(search.cv_results_["params"])
    12
    """

    study_: Any
    cv_results_: dict[str, Any]
    best_params_: dict[str, Any]
    best_score_: float
    best_index_: int
    best_estimator_: Any
    refit_time_: float
    scorer_: Any
    n_splits_: int
    multimetric_: bool
    feature_names_in_: np.ndarray
    #: What `overfitting_report` needs.
    _rows: list[TrialRow]
    _series: SeriesMaker
    #: What `oof_predictions` needs.
    _tests: list[np.ndarray]
    _n_rows: int

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [HasMethods(["fit"])],
        "param_distributions": [StrOptions({"auto"}), dict, callable],
        "n_trials": [Interval(Integral, 1, None, closed="left")],
        "cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "storage": [str, PathLike, HasMethods(["create_new_study"]), None],
        "study_name": [str, None],
        "sampler": [callable, HasMethods(["sample_relative"]), None],
        "pruner": [HasMethods(["prune"]), None],
        "n_jobs": [Integral, None],
        "timeout": [Interval(Real, 0, None, closed="neither"), None],
        "refit": ["boolean"],
        "random_state": ["random_state"],
        "error_score": [StrOptions({"raise"}), "nan"],
        "return_train_score": ["boolean"],
        "profits": [callable, None],
        "keep_predictions": [str, PathLike, None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any = "auto",
        *,
        n_trials: int = 50,
        cv: Any = None,
        scoring: Any = None,
        storage: Any = None,
        study_name: str | None = None,
        sampler: Any = None,
        pruner: Any = None,
        n_jobs: int | None = None,
        timeout: float | None = None,
        refit: bool = True,
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        profits: Any = None,
        keep_predictions: Any = None,
    ) -> None:
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_trials = n_trials
        self.cv = cv
        self.scoring = scoring
        self.storage = storage
        self.study_name = study_name
        self.sampler = sampler
        self.pruner = pruner
        self.n_jobs = n_jobs
        self.timeout = timeout
        self.refit = refit
        self.random_state = random_state
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.profits = profits
        self.keep_predictions = keep_predictions

    @property
    def n_features_in_(self) -> int:
        """Number of features; only if `refit`."""
        n_features: int = super().n_features_in_
        return n_features

    @property
    def classes_(self) -> np.ndarray:
        """Classes; only if `refit` and the estimator is a classifier."""
        classes: np.ndarray = super().classes_
        return classes

    def _get_scorers(self) -> tuple[Any, str]:
        """Return the score, and the name that scikit-learn has for a single one."""
        if self.scoring is None and has_probabilities(self.estimator):
            return default_scorer(getattr(self, "_labels", None)), "score"
        if callable(self.scoring):
            return self.scoring, "score"
        return check_scoring(self.estimator, self.scoring), "score"

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Run the trials that are missing, and fit the winner.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.
        y : array-like of shape (n_samples,) or None, default=None
            The targets.
        **params : object
            Passed to the estimator's fit, cut to the rows of each fold; `groups` goes
            to the splitter, and `sample_weight` to the score, too, if it takes it.
            With metadata routing enabled, to whoever requests them.

        Returns
        -------
        self : OptunaSearchCV
            The fitted search.
        """
        X, y = indexable(X, one_dimensional(y))
        for name, value in {"y": y, **params}.items():
            refuse_other_index(X, value, name=name)
        refuse_one_sample(X)
        self._labels = labels_of(self.estimator, y)
        root = self._init_callback_context(max_subtasks=1 + self.refit)
        root.call_on_fit_task_begin(estimator=self, X=X, y=y)
        evaluation, period = self._evaluation(X, y, params)
        with quiet():
            self._search(evaluation, params, root)
        self._series = SeriesMaker.of(evaluation, period)
        self._tests = [test for _, test in evaluation.folds]
        self._n_rows = count_rows(X)
        if self.refit:
            self._refit(evaluation, root)
        root.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _evaluation(
        self, X: Any, y: Any, params: dict[str, Any]
    ) -> tuple[Evaluation, str]:
        """Make the folds, and gather what all trials have in common."""
        routed = self._get_routed_params_for_fit(params)
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        folds = list(splitter.split(X, y, **routed.splitter.split))
        refuse_empty(folds)
        self.n_splits_ = len(folds)
        self.scorer_, _ = self._get_scorers()
        self.multimetric_ = False
        period, periods = periods_of(X)
        evaluation = Evaluation(
            X=X,
            y=y,
            folds=folds,
            scorer=self.scorer_,
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            with_train_scores=self.return_train_score,
            raises=self.error_score == "raise",
            classes=self._labels,
            periods=periods,
            profits=profits_of(self.profits),
            keeps_predictions=self.keep_predictions is not None,
        )
        return evaluation, period

    def _facts(self, evaluation: Evaluation, params: dict[str, Any]) -> dict[str, str]:
        """Return what the study depends on."""
        return describe_search(
            self.estimator,
            evaluation.X,
            evaluation.y,
            evaluation.folds,
            params,
            param_distributions=self.param_distributions,
            scoring=self.scorer_,
            sampler=self.sampler,
            pruner=self.pruner,
            profits=self.profits,
            random_state=self.random_state,
            return_train_score=self.return_train_score,
        )

    def _search(
        self, evaluation: Evaluation, params: dict[str, Any], root: Any
    ) -> None:
        """Run the trials, and store what they have shown."""
        space = as_space(self.param_distributions, self.estimator)
        self.study_ = open_study(
            storage=self.storage,
            study_name=self.study_name,
            sampler=self.sampler,
            pruner=self.pruner,
            random_state=self.random_state,
            make_facts=lambda: self._facts(evaluation, params),
        )
        context = root.subcontext(
            task_name="search", max_subtasks=None, sequential_subtasks=False
        )
        context.call_on_fit_task_begin(estimator=self)
        TrialRunner(
            study=self.study_,
            space=space,
            evaluation=evaluation,
            estimator=clone(self.estimator),
            n_trials=self.n_trials,
            timeout=self.timeout,
            n_jobs=self.n_jobs,
            caller=self,
            context=context,
            files=self._files(),
        ).run()
        self._store(rows_of(self.study_, space))
        context.call_on_fit_task_end(estimator=self)

    def _store(self, rows: list[TrialRow]) -> None:
        refuse_without_scores(rows)
        self._rows = rows
        self.cv_results_ = cv_results(
            rows, self.n_splits_, with_train_scores=self.return_train_score
        )
        # The first of equally good ones.
        self.best_index_ = int(self.cv_results_["rank_test_score"].argmin())
        self.best_score_ = float(self.cv_results_["mean_test_score"][self.best_index_])
        self.best_params_ = rows[self.best_index_].params

    def _refit(self, evaluation: Evaluation, root: Any) -> None:
        """Fit the winner on all samples."""
        best = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
        context = root.subcontext(task_name="refit-with-best-params")
        data = {"X": evaluation.X, "y": evaluation.y}
        start = time.perf_counter()
        with context.propagate_callback_context(best):
            context.call_on_fit_task_begin(estimator=self, **data)
            targets = [] if evaluation.y is None else [evaluation.y]
            best.fit(evaluation.X, *targets, **evaluation.fit_params)
        self.refit_time_ = time.perf_counter() - start
        self.best_estimator_ = best
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        context.call_on_fit_task_end(estimator=self, **data)

    def _files(self) -> PredictionFiles | None:
        """Return where the predictions of the study are kept, if they are."""
        if self.keep_predictions is None:
            return None
        return PredictionFiles(Path(self.keep_predictions) / self.study_.study_name)

    def oof_predictions(self, trial: int | None = None) -> FloatArray:
        """Return the out-of-sample probabilities of a trial, without fitting again.

        Parameters
        ----------
        trial : int or None, default=None
            Number of a complete trial; None means the winner.

        Returns
        -------
        proba : ndarray of float64 of shape (n_samples, n_classes)
            Probabilities of the sorted classes of y, the mean over the folds that test
            a row; NaN for rows that no fold tests.

        Raises
        ------
        ValueError
            If predictions were not kept.
        DataError
            If those of this trial are not there, or belong to other folds.

        Notes
        -----
        Those of the winner are those of the best of many: whoever weighs models by them
        does so on rows that chose one of the models.
        """
        check_is_fitted(self, "study_")
        files = self._files()
        if files is None:
            msg = "No predictions were kept. Set keep_predictions to a directory."
            raise ValueError(msg)
        number = self.best_index_ if trial is None else trial
        return files.read(number, self._tests, self._n_rows)

    def overfitting_report(self, *, further_trials: int = 0) -> OverfittingReport:
        """Report what the winner is worth, given how many were tried.

        Parameters
        ----------
        further_trials : int, default=0
            Trials made elsewhere on these data from which the winner might have come:
            other families, features, labels, horizons.

        Returns
        -------
        report : OverfittingReport
            Deflated Sharpe ratio and probability of backtest overfitting.

        Raises
        ------
        DataError
            If there are no gains or profits, or they do not vary.

        Notes
        -----
        The figures run on one number per day out of sample (per stretch of time where
        there are fewer than 60 days or no times). Without `profits` it is the mean gain
        in log loss over the class shares of the training rows: what the search has
        maximised, up to a constant that is the same for all trials. The Sharpe ratio of
        these gains says whether the winner *predicts* beyond the luck of having been
        chosen. On bars that is mostly how much the price moves, so it says little of
        money. With `profits` it is the profit, and the question is the usual one.

        The number of trials has all trials of the study in it, the pruned and the
        failed, and the spread of their Sharpe ratios what is known of each. The
        probability of backtest overfitting takes complete trials, as it compares them
        over all of the time: by the mean gain, as the search does, or by the Sharpe
        ratio of the profits. Leaving out the pruned ones, which were bad, makes it
        higher, if anything. Trials that predicted the same are one contestant. A
        sampler that learns tries much that is alike, and among alike trials choosing
        is luck: look at `deflated_sharpe_ratio` first, or search at random
        (``sampler=lambda seed: RandomSampler(seed=seed)``) to judge the contest.
        """
        check_is_fitted(self, "study_")
        tried = [row for row in self._rows if row.is_tried]
        complete = [row for row in tried if row.state == "complete"]
        begun = [row for row in tried if row.outcomes]
        self._series.refuse_without(complete)
        return make_report(
            complete=self._series.all_of(complete, begun),
            others=self._series.all_of(begun, begun),
            best=[row.number for row in complete].index(self.best_index_),
            n_trials=len(tried) + further_trials,
            measured=self._series.measured,
            period=self._series.period,
            best_trial=self.best_index_,
        )

    def __sklearn_tags__(self) -> Tags:
        """Describe the search as its estimator, for arrays of NumPy."""
        tags = super().__sklearn_tags__()
        tags.array_api_support = False
        return tags
