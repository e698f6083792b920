from __future__ import annotations

import pytest

from sk_ensemble.experiments import load_experiment, load_model_config

FILES = ["README.md", "experiment.yaml", "models/xgboost.yaml"]


def files_below(folder):
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def test_a_new_folder_holds_an_experiment_that_loads(call, tmp_path):
    code, out, err = call("init", tmp_path / "new")
    assert code == 0
    assert files_below(tmp_path / "new") == FILES
    assert sorted(out.split()) == sorted(str(tmp_path / "new" / f) for f in FILES)
    config = load_experiment(tmp_path / "new" / "experiment.yaml")
    model = load_model_config(tmp_path / "new" / "models" / "xgboost.yaml")
    assert config.model("xgboost") == model.model_copy(
        update={"dataset": config.model("xgboost").dataset}
    )
    assert "sk-ensemble run experiment.yaml" in err


def test_the_current_directory_is_the_default(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("init").code == 0
    assert files_below(tmp_path) == FILES


def test_the_readme_names_commands_that_work_there(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call("init")
    commands = [
        line.split()[1:]
        for line in (tmp_path / "README.md").read_text().splitlines()
        if line.startswith("    sk-ensemble")
    ]
    assert [command[0] for command in commands] == ["validate", "run"]
    assert call(*commands[0]).code == 0


@pytest.mark.parametrize("existing", FILES)
def test_nothing_is_written_over(call, tmp_path, existing):
    path = tmp_path / existing
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    code, _, err = call("init", tmp_path)
    assert code == 2
    assert existing in err
    assert path.read_text() == "mine"
    assert files_below(tmp_path) == [existing]
