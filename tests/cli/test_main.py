from __future__ import annotations

import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import sk_ensemble
from sk_ensemble.cli._app import make_app
from sk_ensemble.cli._screen import warning

ROOT = Path(__file__).parents[2]
COMMANDS = [
    "init",
    "leaderboard",
    "models",
    "predict",
    "promote",
    "replay",
    "report",
    "rollback",
    "run",
    "serve",
    "status",
    "tune",
    "validate",
    "verify",
]
HEAVY = {"matplotlib", "mlflow", "numpy", "pandas", "sklearn", "torch"}
LOADED = (
    "import sys\n"
    "from sk_ensemble.cli import main\n"
    "code = main(sys.argv[1:])\n"
    "sys.stderr.write(' '.join(sys.modules))\n"
    "sys.exit(code)"
)


def loaded_by(*arguments: str) -> set[str]:
    """Return the modules that a command loads in a fresh process."""
    command = [sys.executable, "-c", LOADED, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(result.stderr.split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["validate", "-h"]]
)
def test_help_loads_no_heavy_package(arguments):
    assert loaded_by(*arguments).isdisjoint(HEAVY)


def test_the_guard_sees_what_a_command_loads():
    assert loaded_by("models") & HEAVY >= {"numpy", "pandas"}


def test_an_experiment_is_begun_without_heavy_packages(tmp_path):
    assert loaded_by("init", str(tmp_path)).isdisjoint(HEAVY)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_every_command_with_a_whole_sentence(call, arguments):
    outcome = call(*arguments)
    lines = outcome.out.partition("Commands:")[2].strip().splitlines()
    assert outcome.code == 0
    assert sorted(line.split()[0] for line in lines) == COMMANDS
    assert all(line.endswith(".") and "..." not in line for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_and_option_of_a_command_is_explained(command):
    parameters = get_command(make_app()).commands[command].params
    assert parameters
    assert [one.name for one in parameters if not one.help] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_shows_its_docstring(command):
    result = CliRunner().invoke(make_app(), [command, "--help"])
    summary = (get_command(make_app()).commands[command].help or "").splitlines()[0]
    assert result.exit_code == 0
    assert summary in result.stdout
    assert "Parameters" not in result.stdout


def test_the_version_is_that_of_the_package(call):
    assert call("--version") == (0, f"sk_ensemble {sk_ensemble.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], "frobnicate"),
        (["run"], "EXPERIMENT.yaml"),
        (["run", "x.yaml", "--nope"], "--nope"),
        (["run", "x.yaml", "--horizon", "five"], "--horizon"),
        (["run", "there_is_none.yaml"], "there_is_none.yaml"),
        (["run", "small.yaml", "--set", "cv.n_split=3"], "n_splits"),
        (["run", "small.yaml", "--set", "models.prior.depth=3"], "depth"),
        (["run", "small.yaml", "--cluster", "nowhere"], "cluster"),
        (["status"], "There are none yet"),
        (["leaderboard", "other"], "no experiment 'other'"),
        (["replay", "other"], "no run 'other'"),
        (["models", "--family", "magic"], "magic"),
    ],
)
def test_a_faulty_request_ends_with_2_and_a_message_alone(
    call, folder, arguments, message
):
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err


def test_any_other_error_ends_with_3_and_its_kind(call, monkeypatch):
    def fail() -> None:
        raise OSError("no space left")

    monkeypatch.setattr("sk_ensemble.registry.list_models", fail)
    code, out, err = call("models")
    assert (code, out) == (3, "")
    assert err.startswith("error: OSError: no space left")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--traceback", "models", "--family", "magic"],
        ["models", "--family", "magic", "--traceback"],
    ],
)
def test_a_traceback_is_shown_where_it_is_asked_for(call, arguments):
    code, _, err = call(*arguments)
    assert code == 2
    assert "Traceback (most recent call last)" in err
    assert err.splitlines()[-1].startswith("error: There is no family 'magic'")


def test_names_from_users_can_forge_no_message(call, folder):
    _, _, err = call("run", "a\nerror: forged \x1b[31m[bold]x[/bold].yaml")
    assert "\x1b" not in err
    assert "[bold]x[/bold]" in err
    assert [line for line in err.splitlines() if line.startswith("error: forged")] == []


def test_a_warning_is_one_line_and_comes_once(call, monkeypatch):
    def warn_twice() -> None:
        for _ in range(2):
            warnings.warn("watch\n  out \x1b[31m", UserWarning, stacklevel=1)
        raise KeyboardInterrupt

    monkeypatch.setattr("sk_ensemble.registry.list_models", warn_twice)
    code, _, err = call("models")
    assert code == 130
    assert err.splitlines() == [r"warning: watch out \x1b[31m"]


def test_warnings_are_shown_as_before_afterwards(call):
    before = warnings.showwarning
    call("models")
    assert warnings.showwarning is before


def test_a_warning_keeps_no_line_breaks(capsys):
    warning("one\ntwo")
    assert capsys.readouterr().err == "warning: one two\n"


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    call, monkeypatch, package
):
    monkeypatch.setitem(sys.modules, package, None)
    code, out, err = call("--help")
    assert (code, out) == (2, "")
    assert f"{package} is needed" in err
    assert 'pip install "sk_ensemble[experiments]"' in err


def test_the_module_is_the_command(tmp_path):
    command = [sys.executable, "-m", "sk_ensemble", "status"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith("error: There is no experiment")


def test_the_package_installs_the_command():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"sk-ensemble": "sk_ensemble.cli:main"}
