"""The report of one experiment."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Self

import pandas as pd

from sk_ensemble.report._blocks import Figure, Section, Table
from sk_ensemble.report._chart import png_of
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._leakage import audit_model
from sk_ensemble.report._page import PageHead, render_page
from sk_ensemble.report._sections import (
    _calibration,
    _certificate,
    _confusion,
    _data,
    _differences,
    _ensembles,
    _folds,
    _honesty,
    _importance,
    _leaderboard,
    _learning,
    _ranks,
    _reproduce,
    _summary,
    _symbols,
    _trading,
    _when,
)
from sk_ensemble.report._stored_experiment import read_experiment
from sk_ensemble.utils.files import write_bytes

__all__ = ["Report"]

_MAKERS: tuple[Callable[[Evidence], Section | None], ...] = (
    _summary.make,
    _leaderboard.make,
    _differences.make,
    _honesty.make,
    _ranks.make,
    _symbols.make,
    _trading.make,
    _calibration.make,
    _confusion.make,
    _when.make,
    _learning.make,
    _importance.make,
    _ensembles.make,
    _folds.make,
    _certificate.make,
    _data.make,
    _reproduce.make,
)

_PAGE = "report.html"


def _test_facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    if not evidence.horizons:
        return
    first = evidence.horizons[0]
    days = pd.DatetimeIndex(first.times.astype("datetime64[ns]"))
    yield "Test period", f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
    yield "Test days", str(first.draws.n_days)
    symbols = sorted(set(first.symbols))
    more = ", …" if len(symbols) > 6 else ""
    yield "Symbols", f"{', '.join(symbols[:6])}{more}"


def _head(evidence: Evidence) -> PageHead:
    experiment = evidence.experiment
    models = {cell.model for cell in experiment.cells.values()}
    horizons = ", ".join(map(str, experiment.horizons))
    facts = [
        ("Horizons", f"{horizons} bars" if horizons else "none yet"),
        ("Models", f"{len(models)}, {len(experiment.failures)} failed cells"),
        *_test_facts(evidence),
        ("State", experiment.status.state),
    ]
    started = experiment.status.started.replace("T", " ").partition("+")[0]
    subtitle = f"{experiment.path.name}, started {started} UTC"
    return PageHead(experiment.name, subtitle, facts)


def _csv(frame: pd.DataFrame) -> bytes:
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue().encode()


class Report:
    """Show what an experiment found: tables, figures and how sure they are.

    Everything is read from the directory of the experiment; nothing is fitted, but for
    the audit, where that is asked for. What cannot be shown, as prices are not known or
    a cell has failed, is left out, and the report says so.

    Parameters
    ----------
    evidence : Evidence
        What it is made from; see `from_result`.

    Attributes
    ----------
    sections : list of Section
        Contents, in the order of the page.

    See Also
    --------
    sk_ensemble.experiments.run_experiment : Makes the experiment.
    sk_ensemble.audit_leakage : The checks behind the leakage certificate.

    Notes
    -----
    All figures are those of the test period. Intervals hold 95 % and come from a
    bootstrap of whole days; differences between models are paired by bar, and their
    p-values hold for all models together. Days are taken as independent.

    References
    ----------
    Efron, B. and Tibshirani, R. J. (1993). An Introduction to the Bootstrap. Chapman &
    Hall. Holm, S. (1979). A simple sequentially rejective multiple test procedure.
    Scandinavian Journal of Statistics 6(2).

    Examples
    --------
    >>> import tempfile
    >>> from sk_ensemble.experiments import parse_experiment, run_experiment
    >>> from sk_ensemble.report import Report
    >>> folder = tempfile.TemporaryDirectory()
    >>> config = parse_experiment(f'''
    ... horizons: [5]
    ... models: [prior, volatility]
    ... data: {{symbols: [IF], start: "2021-01-01", train_end: "2021-05-31",
    ...        val_end: "2021-07-31"}}
    ... cv: {{n_splits: 3, embargo_size: 60}}
    ... mlflow: {{enabled: false}}
    ... output: {{base_dir: "{folder.name}"}}
    ... run: {{n_jobs: 1}}
    ... ''')
    >>> report = Report.from_result(run_experiment(config).path)
    >>> [section.key for section in report.sections][:3]
    ['summary', 'leaderboard', 'differences']
    >>> report.to_html().startswith("<!DOCTYPE html>")
    True
    >>> folder.cleanup()
    """

    sections: list[Section]

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        made = (make(evidence) for make in _MAKERS)
        self.sections = [section for section in made if section is not None]

    @classmethod
    def from_result(cls, path: str | Path, *, audit: str | None = None) -> Self:
        """Read the directory of an experiment.

        Parameters
        ----------
        path : str or Path
            Directory of the experiment, ``<output.base_dir>/results/<name>_...``.
        audit : str or None, default=None
            Key of a model that is fitted to look for leakage with all checks, canaries
            among them. What is found is kept in the directory. None shows what an
            earlier audit found.

        Returns
        -------
        report : Report
            The report.

        Raises
        ------
        ConfigError
            If it is no such directory, or has no such model to audit.
        """
        experiment = read_experiment(Path(path))
        if audit is not None:
            audit_model(experiment, audit)
        return cls(Evidence(experiment))

    def __repr__(self) -> str:
        return f"Report({self._evidence.experiment.path.name!r})"

    @cached_property
    def _html(self) -> str:
        return render_page(_head(self._evidence), self.sections)

    def to_html(self) -> str:
        """Return the page, which needs no other file and no network.

        Returns
        -------
        html : str
            The page.
        """
        return self._html

    def _repr_html_(self) -> str:
        """Show the page in a notebook, apart from the notebook's own style."""
        return (
            f'<iframe srcdoc="{escape(self.to_html())}" title="Report" '
            'style="width:100%;height:80vh;border:1px solid #9994" '
            'sandbox="allow-scripts allow-popups"></iframe>'
        )

    def save_page(self, path: str | Path) -> Path:
        """Write the page alone.

        Parameters
        ----------
        path : str or Path
            The file; one that is there is replaced.

        Returns
        -------
        path : Path
            The file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        write_bytes(Path(path), self.to_html().encode())
        return Path(path)

    def _files(self, with_figures: bool) -> Iterator[tuple[str, bytes]]:
        blocks = [block for section in self.sections for block in section.walk()]
        for block in blocks:
            if isinstance(block, Figure) and with_figures:
                yield f"figures/{block.key}.png", png_of(block)
            elif isinstance(block, Table):
                yield f"tables/{block.key}.csv", _csv(block.frame)

    def save(self, folder: str | Path, *, figures: bool = True) -> Path:
        """Write the page, every table as CSV and every figure as PNG.

        Parameters
        ----------
        folder : str or Path
            Where ``report.html``, ``tables/*.csv`` and ``figures/*.png`` are to be;
            made if it is not there. Files of the same names are replaced.
        figures : bool, default=True
            Whether to write the figures, which takes about as long as all else.

        Returns
        -------
        path : Path
            The page.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        root = Path(folder)
        for part in ("tables", "figures") if figures else ("tables",):
            (root / part).mkdir(parents=True, exist_ok=True)
        for name, content in self._files(figures):
            write_bytes(root / name, content)
        return self.save_page(root / _PAGE)
