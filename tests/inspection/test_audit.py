"""Each kind of leak is planted and must be found; what is clean must pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planted_leaks import (
    EMBARGO,
    AheadWindower,
    BatchScaler,
    CentredMean,
    Data,
    OtherSymbolsNext,
    WholeScaler,
    clean_model,
    make_data,
    memory,
    pipeline,
    simple_features,
)
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sk_ensemble import Panel, PurgedSplit, RowTransformer, Windower, create
from sk_ensemble.inspection import audit_leakage
from sk_ensemble.model_selection import CombinatorialPurgedSplit, WalkForwardSplit

PURGED = PurgedSplit(4, embargo_size=EMBARGO)
FITTED = ["future", "prefitted", "refit"]


@pytest.fixture(scope="module")
def data() -> Data:
    return make_data()


def audit(model, data, cv=PURGED, **options):
    options = {"n_cuts": 2, "max_folds": 2, "max_samples": 100, **options}
    return audit_leakage(model, data.X, data.y, cv, random_state=0, **options)


def failed(report) -> set[str]:
    return {finding.check for finding in report.findings}


def only(report, check):
    """Return the findings of the one check that failed."""
    assert failed(report) == {check}, str(report)
    return report.findings


# What is clean passes


@pytest.mark.parametrize("volatility", ["constant", "sessions"])
@pytest.mark.parametrize("signal", [0.0, 0.5])
def test_a_clean_pipeline_passes_every_check(volatility, signal):
    data = make_data(volatility=volatility, signal=signal, n_bars=1200)
    report = audit(
        clean_model(DecisionTreeClassifier(max_depth=5)),
        data,
        PurgedSplit(3, embargo_size=EMBARGO),
        max_folds=3,
        bars=data.bars,
        features=simple_features,
        labels=lambda bars: _labels_of(bars),
    )
    assert report.passed, str(report)
    assert report.skipped == {}


def _labels_of(bars: pd.DataFrame) -> pd.DataFrame:
    """Label the next five bars, as far as there are that many."""
    grouped = bars.groupby("symbol")
    move = grouped["close"].shift(-5) - bars["close"]
    table = pd.DataFrame(
        {
            "symbol": bars["symbol"],
            "datetime": bars["datetime"],
            "label": np.sign(move),
            "label_end": grouped["datetime"].shift(-5),
        }
    )
    return table.dropna()


@pytest.mark.parametrize(
    "cv",
    [
        PurgedSplit(3, embargo_size="4D"),
        CombinatorialPurgedSplit(4, 2, embargo_size="4D"),
        WalkForwardSplit(3),
        TimeSeriesSplit(3, gap=120),
    ],
    ids=["purged", "combinatorial", "walk-forward", "scikit-learn"],
)
def test_a_clean_pipeline_passes_under_every_kind_of_splitter(data, cv):
    X = data.X[data.X.symbols == "S00"]
    y = data.y[data.X.symbols == "S00"]
    report = audit_leakage(
        clean_model(), X, y, cv, n_cuts=2, max_folds=2, random_state=0
    )
    assert report.passed, str(report)


def test_windows_are_audited_like_panels(data):
    X = Windower(4).transform(data.X)
    model = Pipeline([("flat", _Flattener()), ("clf", LogisticRegression())])
    report = audit_leakage(model, X, data.y, PURGED, n_cuts=1, max_folds=1)
    assert report.passed, str(report)
    short = PurgedSplit(4)
    report = audit_leakage(model, X, data.y, short, checks=["windows"])
    assert "window_length=4" in report.findings[0].message


class _Flattener(StandardScaler):
    """Flatten windows and scale the columns."""

    def fit(self, X, y=None):
        return super().fit(np.asarray(X).reshape(len(X), -1))

    def transform(self, X):
        return super().transform(np.asarray(X).reshape(len(X), -1))


# Steps that look ahead


@pytest.mark.parametrize(
    ("step", "feature"),
    [(CentredMean(), "place"), (OtherSymbolsNext(), "change")],
    ids=["centred", "other symbol"],
)
def test_a_step_that_reads_later_bars_is_named_with_its_feature(data, step, feature):
    model = pipeline(("smooth", step), ("scale", RowTransformer(StandardScaler())))
    report = audit(model, data, checks=["future"])
    [finding] = only(report, "future")
    assert finding.step == "smooth"
    assert finding.features == (feature,)
    assert finding.symbol == "S00" or isinstance(step, CentredMean)


def test_the_symbols_whose_future_is_read_are_named(data):
    model = pipeline(("peek", OtherSymbolsNext()))
    [finding] = audit(model, data, checks=["future"]).findings
    assert "of other symbols after t" in finding.message
    model = pipeline(("smooth", CentredMean()))
    [finding] = audit(model, data, checks=["future"]).findings
    assert "of its own symbol after t" in finding.message


def test_windows_that_end_after_the_sample_are_found(data):
    steps = [("window", AheadWindower(4)), ("clf", _flat_logistic())]
    [finding] = only(audit(Pipeline(steps), data, checks=["future"]), "future")
    assert finding.step == "window"
    assert all("[t" in name for name in finding.features)


def _flat_logistic():
    return Pipeline([("flat", _Flattener()), ("logistic", LogisticRegression())])


def test_a_step_that_scales_by_the_batch_is_found(data):
    model = pipeline(("batch", BatchScaler()))
    [finding] = only(audit(model, data, checks=["future"]), "future")
    assert finding.step == "batch"
    assert "removed" in finding.message


class _PeekingClassifier(LogisticRegression):
    """Classify by the next bar's first feature, outside of any step."""

    def _rows(self, X):
        last = X.history.symbol_bounds[X.symbol_codes + 1] - 1
        return X.history.block[np.minimum(X.positions + 1, last)][:, :2]

    def fit(self, X, y):
        return super().fit(self._rows(X), y)

    def predict_proba(self, X):
        return super().predict_proba(self._rows(X))


def test_the_features_a_model_without_steps_reads_ahead_are_named(data):
    [finding] = only(audit(_PeekingClassifier(), data, checks=["future"]), "future")
    assert finding.step == "_PeekingClassifier"
    assert set(finding.features) == {"change", "place"}
    assert finding.amount > 0


# Steps fitted outside of the training samples


def test_a_step_that_is_fitted_on_all_bars_is_named(data):
    report = audit(pipeline(("scale", WholeScaler())), data, checks=FITTED)
    findings = only(report, "refit")
    assert {finding.step for finding in findings} == {"scale"}
    assert "no training window contains" in findings[-1].message


@pytest.mark.parametrize("cv", [TimeSeriesSplit(3, gap=400), PURGED])
def test_it_is_found_under_any_splitter_and_the_right_one_passes(data, cv):
    leaking = audit(pipeline(("scale", WholeScaler())), data, cv, checks=["refit"])
    assert failed(leaking) == {"refit"}
    assert audit(clean_model(), data, cv, checks=["refit"]).passed


def test_a_scaler_that_comes_fitted_is_named(data):
    scaler = StandardScaler().fit(data.X.to_frame())
    model = pipeline(("scale", RowTransformer(FrozenEstimator(scaler))))
    [finding] = only(audit(model, data, checks=FITTED), "prefitted")
    assert finding.step == "scale__transformer"
    assert "StandardScaler comes fitted" in finding.message
    assert finding.features


def test_a_classifier_that_comes_fitted_is_found(data):
    fitted = clean_model().fit(data.X, data.y)
    [finding] = only(audit(FrozenEstimator(fitted), data, checks=FITTED), "prefitted")
    assert finding.step == "Pipeline"


class _Keeper(StandardScaler):
    """A scaler that keeps its fit when cloned, and never fits again."""

    def __sklearn_clone__(self):
        return self

    def fit(self, X, y=None, sample_weight=None):
        return self if hasattr(self, "mean_") else super().fit(X)


def test_a_step_that_keeps_its_fit_when_cloned_is_named(data):
    scaler = _Keeper().fit(data.X.to_frame())
    model = pipeline(("scale", RowTransformer(scaler)))
    [finding] = only(audit(model, data, checks=["prefitted"]), "prefitted")
    assert finding.step == "scale__transformer"


def test_a_frozen_step_that_learns_nothing_passes(data):
    steps = [("a", FrozenEstimator(Windower(4, flatten=True).fit(data.X)))]
    model = Pipeline([*steps, ("clf", LogisticRegression(max_iter=200))])
    assert audit(model, data, checks=FITTED).passed


def test_selection_of_features_inside_the_pipeline_passes(data):
    model = Pipeline(
        [
            ("window", Windower(4, flatten=True)),
            ("select", SelectKBest(k=3)),
            ("clf", LogisticRegression(max_iter=200)),
        ]
    )
    assert audit(model, data, checks=FITTED).passed


class _Random(LogisticRegression):
    """Give other probabilities after each fit."""

    def fit(self, X, y):
        super().fit(X, y)
        noise = np.random.default_rng().normal(size=self.coef_.shape)
        self.coef_ = self.coef_ + noise
        return self


def test_a_model_that_cannot_be_reproduced_is_not_judged(data):
    model = Pipeline([("window", Windower(1, flatten=True)), ("clf", _Random())])
    report = audit(model, data, checks=["refit"])
    assert report.status("refit") == "skipped"
    assert "random_state" in report.skipped["refit"]


# Splitters


def test_shuffled_folds_fail_in_all_that_they_mix_up(data):
    cv = KFold(4, shuffle=True, random_state=0)
    report = audit(pipeline(clf=memory()), data, cv, max_folds=4)
    assert failed(report) == {
        "timestamps",
        "label_spans",
        "windows",
        "refit",
        "flipped_targets",
    }


def test_a_split_without_purging_fails_by_labels_alone_where_windows_are_apart(data):
    X, y = data.X, data.y
    folds = [
        (np.flatnonzero(X.times < t), np.flatnonzero(X.times >= t))
        for t in np.sort(X.times)[[len(X) // 2 - 20, len(X) // 2]]
    ]
    report = audit_leakage(clean_model(), X, y, folds, checks=["label_spans"])
    shared = [_n_overlaps(X, *fold) for fold in folds]
    assert [finding.amount for finding in report.findings] == [n for n in shared if n]
    assert any(shared)


def _n_overlaps(X, train, test) -> int:
    """Count the training spans that overlap a test span, pair by pair."""
    begins, ends = X.times, X.label_end
    pairs = (begins[train][:, None] < ends[test]) & (
        begins[test] < ends[train][:, None]
    )
    return int(pairs.any(axis=1).sum())


@pytest.mark.parametrize("seed", range(5))
def test_label_overlaps_are_counted_as_pair_by_pair(data, seed):
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(data.X))[:300]
    folds = [(np.sort(rows[:200]), np.sort(rows[200:]))]
    report = audit_leakage(clean_model(), data.X, data.y, folds, checks=["label_spans"])
    counted = sum(finding.amount for finding in report.findings)
    assert counted == _n_overlaps(data.X, *folds[0])


@pytest.mark.parametrize(("length", "lag"), [(1, 0), (4, 0), (12, 3)])
@pytest.mark.parametrize("embargo", [0, 5, 40])
def test_training_windows_with_test_bars_are_counted_exactly(
    data, length, lag, embargo
):
    cv = PurgedSplit(3, embargo_size=embargo)
    model = Pipeline([("window", Windower(length, lag=lag)), ("clf", _flat_logistic())])
    X, y = data.panel_with_history(length + lag)
    report = audit_leakage(model, X, y, cv, checks=["windows"])
    counted = {finding.fold: finding.amount for finding in report.findings}
    for fold, (train, test) in enumerate(cv.split(X)):
        expected = _n_windows_with_test_bars(X, train, test, length, lag)
        assert counted.get(fold, 0) == expected


def _n_windows_with_test_bars(X, train, test, length, lag) -> int:
    """Look at the time of each bar of each training window."""
    first, last = X.times[test].min(), X.label_end[test].max()
    stamps = X.history.times.view("datetime64[ns]")
    bars = X.positions[train][:, None] - lag - np.arange(length)
    return int(((stamps[bars] >= first) & (stamps[bars] <= last)).any(axis=1).sum())


def test_the_embargo_that_is_named_is_the_shortest_that_will_do(data):
    model = pipeline(length=8)
    report = audit(model, data, PurgedSplit(3), checks=["windows"])
    needed = max(
        int(finding.message.partition("embargo_size=")[2].split()[0])
        for finding in report.findings
    )
    longer, shorter = (
        audit(model, data, PurgedSplit(3, embargo_size=size), checks=["windows"])
        for size in (needed, needed - 1)
    )
    assert longer.passed
    assert not shorter.passed


def test_too_short_an_embargo_moves_the_fitted_model_and_says_why(data):
    report = audit(clean_model(), data, PurgedSplit(3), checks=["windows", "refit"])
    assert failed(report) == {"windows", "refit"}
    moved = [finding for finding in report.findings if finding.check == "refit"]
    # Nothing else is fitted on test bars, and that is told apart.
    assert all("training windows contain test bars" in f.message for f in moved)


def test_symbols_at_other_hours_need_more_than_the_windows_length(data):
    report = audit(
        pipeline(length=4), data, PurgedSplit(3, embargo_size=4), checks=["windows"]
    )
    assert not report.passed


def test_samples_that_occur_twice_are_found(data):
    rows = np.arange(400)
    twice = data.X[np.concatenate([rows, rows])]
    y = np.concatenate([data.y[rows], data.y[rows]])
    folds = [(rows, rows + 400)]
    report = audit_leakage(clean_model(), twice, y, folds, checks=["duplicates"])
    assert report.findings[0].amount == 400
    assert "training samples too" in report.findings[0].message


def test_windows_that_occur_twice_are_found(data):
    half = data.bars[data.bars["symbol"] == "S00"][:600]
    later = half.assign(datetime=half["datetime"] + pd.Timedelta("700D"))
    both = pd.concat([half, later])
    frame = simple_features(half)
    frame = pd.concat([frame, frame.assign(datetime=later["datetime"].to_numpy())])
    X = Panel.from_frame(frame)
    y = np.arange(len(X)) % 3 - 1
    assert len(both) == len(X)
    folds = [(np.arange(600), np.arange(600, 1200))]
    model = pipeline(length=4)
    report = audit_leakage(model, X, y, folds, checks=["duplicates"])
    # The first windows of the copy reach back over the seam.
    assert report.findings[0].amount == 600 - 3
    clean = audit_leakage(model, data.X, data.y, PURGED, checks=["duplicates"])
    assert clean.passed


# Canaries


def test_a_fold_that_trains_on_its_test_samples_predicts_permuted_targets(data):
    everything = np.arange(len(data.y))
    folds = [(everything, everything)]
    report = audit(pipeline(clf=memory()), data, folds, checks=["permuted_targets"])
    [finding] = only(report, "permuted_targets")
    assert finding.amount > 0.1


def test_neighbouring_labels_give_flipped_targets_away(data):
    shuffled = KFold(4, shuffle=True, random_state=0)
    contiguous = PurgedSplit(4, embargo_size=EMBARGO)
    leaking, clean = (
        audit(pipeline(clf=memory()), data, cv, checks=["flipped_targets"], max_folds=4)
        for cv in (shuffled, contiguous)
    )
    assert failed(leaking) == {"flipped_targets"}
    assert clean.passed, str(clean)


def test_too_few_days_give_no_verdict_of_canaries(data):
    X, y = data.X[:300], data.y[:300]
    report = audit_leakage(
        pipeline(), X, y, PurgedSplit(2, embargo_size=4), checks=["permuted_targets"]
    )
    assert report.status("permuted_targets") == "skipped"
    assert "days" in report.skipped["permuted_targets"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_canaries_of_clean_pipelines_stay_silent(seed):
    data = make_data(volatility="sessions", random_state=seed)
    trees = DecisionTreeClassifier(min_samples_leaf=5, random_state=0)
    report = audit_leakage(
        clean_model(trees),
        data.X,
        data.y,
        PURGED,
        checks=["permuted_targets", "flipped_targets"],
        random_state=seed,
    )
    assert report.passed, str(report)


# Features and labels


def _forward_return(bars: pd.DataFrame) -> pd.DataFrame:
    ahead = bars.groupby("symbol")["close"].shift(-5) / bars["close"] - 1
    return simple_features(bars).assign(ahead=ahead.fillna(0.0))


def _centred_mean(bars: pd.DataFrame) -> pd.DataFrame:
    means = bars.groupby("symbol")["close"].transform(
        lambda s: s.rolling(5, center=True, min_periods=1).mean()
    )
    return simple_features(bars).assign(smooth=means)


def _scaled(bars: pd.DataFrame) -> pd.DataFrame:
    frame = simple_features(bars)
    trend = frame["trend"]
    return frame.assign(trend=(trend - trend.mean()) / trend.std())


def _filled_back(bars: pd.DataFrame) -> pd.DataFrame:
    """Take the day's last close for all of its bars."""
    days = [bars["symbol"], bars["datetime"].dt.date]
    return simple_features(bars).assign(
        day_close=bars.groupby(days)["close"].transform("last")
    )


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (_forward_return, "ahead"),
        (_centred_mean, "smooth"),
        (_scaled, "trend"),
        (_filled_back, "day_close"),
    ],
)
def test_the_column_that_a_function_computes_with_later_bars_is_named(
    data, function, name
):
    report = audit(
        clean_model(), data, checks=["features"], bars=data.bars, features=function
    )
    [finding] = only(report, "features")
    assert finding.features == (name,)
    assert finding.symbol in ("S00", "S01")


def test_columns_made_of_the_target_are_named(data):
    ahead = _forward_return(data.bars)
    labels = data.labels["label"].rename("answer").reset_index()
    frame = ahead.merge(labels, how="left", on=["symbol", "datetime"])
    X, y = Panel.from_frame(frame).align(data.labels)
    report = audit_leakage(clean_model(), X, y, PURGED, checks=["columns"])
    assert {f.features for f in report.findings} == {("ahead",), ("answer",)}


@pytest.mark.parametrize("name", ["logistic", "lightgbm"])
def test_registered_families_pass_and_nested_steps_are_named(data, name):
    params = {"n_estimators": 5} if name == "lightgbm" else {}
    family = create(name, **params)
    model = Pipeline([("window", Windower(4)), ("clf", family)])
    assert audit(model, data, checks=FITTED).passed
    inner = Pipeline([("smooth", CentredMean()), *model.steps])
    report = audit(Pipeline([("inner", inner)]), data, checks=["future"])
    [finding] = only(report, "future")
    assert finding.step == "inner__smooth"


def test_a_step_inside_a_search_moves_the_search(data):
    model = GridSearchCV(
        pipeline(("scale", WholeScaler()), length=1), {"clf__C": [1.0]}, cv=PURGED
    )
    findings = only(audit(model, data, checks=["refit"], max_folds=1), "refit")
    assert findings[0].step == "GridSearchCV"


def test_regressors_are_audited_but_for_the_canaries(data):
    y = data.X.to_numpy()[:, 0] + np.random.default_rng(0).normal(size=len(data.y))
    model = Pipeline([("window", Windower(2, flatten=True)), ("fit", Ridge())])
    report = audit_leakage(model, data.X, y, PURGED, max_folds=1, random_state=0)
    assert report.passed, str(report)
    assert report.status("flipped_targets") == "skipped"
    report = audit_leakage(
        model, data.X, data.X.to_numpy()[:, 0], PURGED, checks=["columns"]
    )
    assert report.findings[0].features == ("change",)


def test_classes_may_be_text(data):
    y = np.array(["down", "flat", "up"])[data.y + 1]
    report = audit_leakage(
        pipeline(clf=memory()), data.X, y, PURGED, max_folds=2, random_state=0
    )
    assert report.passed, str(report)


def test_label_ends_that_come_too_early_are_found(data):
    def hasty(bars):
        labels = _labels_of(bars)
        ends = labels.groupby("symbol")["label_end"].shift(2)
        return labels.assign(label_end=ends.fillna(labels["datetime"]))

    for function, is_true in ((_labels_of, True), (hasty, False)):
        report = audit(
            clean_model(), data, checks=["labels"], bars=data.bars, labels=function
        )
        assert report.passed == is_true, str(report)
    assert report.findings[0].features == ("label",)


# Arguments


def test_what_cannot_be_checked_is_said(data):
    series = data.labels["label"]
    X, y = Panel.from_frame(data.frame).align(series)
    report = audit_leakage(
        clean_model(), X, y, KFold(2), checks=["label_spans", "features"]
    )
    assert report.passed
    assert set(report.skipped) == {"label_spans", "features"}
    assert "skipped label_spans" in str(report)


def test_a_number_of_folds_is_what_scikit_learn_makes_of_it(data):
    report = audit(clean_model(), data, 4, checks=["timestamps", "label_spans"])
    assert failed(report) == {"timestamps", "label_spans"}


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"checks": ["fture"]}, ValueError, "fture"),
        ({"n_cuts": 0}, ValueError, "n_cuts"),
        ({"max_folds": 0}, ValueError, "max_folds"),
        ({"features": simple_features}, ValueError, "bars="),
        ({"cv": [(np.arange(5), np.arange(0))]}, ValueError, "Fold 0"),
        ({"cv": []}, ValueError, "no fold"),
    ],
)
def test_bad_arguments_are_refused(data, options, error, words):
    options = {"cv": PURGED, **options}
    with pytest.raises(error, match=words):
        audit(clean_model(), data, **options)


def test_an_array_is_refused(data):
    with pytest.raises(TypeError, match="Panel"):
        audit_leakage(clean_model(), data.X.to_numpy(), data.y, PURGED)


def test_a_target_in_another_order_is_refused(data):
    y = data.labels["label"]
    with pytest.raises(ValueError, match="y"):
        audit_leakage(clean_model(), data.X, y, PURGED)


def test_progress_is_told(data, capsys):
    told: list[str] = []
    audit(clean_model(), data, checks=["future"], progress=told.append)
    assert any("fit fold" in line for line in told)
    audit(clean_model(), data, checks=["timestamps"], progress=True)
    assert "timestamps" in capsys.readouterr().err


def test_equal_seeds_give_equal_reports_and_leave_everything_as_it_was(data):
    model = pipeline(("smooth", CentredMean()))
    before = data.X.history.block.copy()
    first, second = (audit(model, data, checks=FITTED) for _ in range(2))
    assert first == second
    assert np.array_equal(before, data.X.history.block)
    assert not hasattr(model.named_steps["smooth"], "fitted_")


def test_fit_params_are_cut_to_the_training_samples(data):
    weights = np.ones(len(data.y))
    report = audit(
        clean_model(),
        data,
        checks=["refit"],
        fit_params={"clf__sample_weight": weights},
    )
    assert report.passed
