"""MLflow's scoring server, asked over HTTP."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
import warnings
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from families import make_frame, make_labels, quick
from sk_ensemble import Panel, Windower
from sk_ensemble.exceptions import DataError
from sk_ensemble.production import predict, save_mlflow_model
from sk_ensemble.production._serving import _load_pyfunc
from sk_ensemble.production._serving_process import serving

FRAME = make_frame(0, 120)


@pytest.fixture(scope="module")
def model():
    X, y = Panel.from_frame(FRAME).align(make_labels(FRAME))
    return make_pipeline(Windower(5), quick("xgboost")).fit(X, y)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("mlflow") / "served"
    save_mlflow_model(model, path, horizon=3)
    return path


def as_text(frame):
    return frame.assign(datetime=frame["datetime"].astype(str))


def expected(model, **how):
    return predict(model, FRAME, horizon=3, **how).to_dataframe()


def same(found, wanted):
    found = found.assign(datetime=pd.to_datetime(found["datetime"]))
    pd.testing.assert_frame_equal(found, wanted, check_exact=True, check_dtype=False)


def test_what_is_saved_holds_no_pickle_and_no_code(saved):
    files = {p.relative_to(saved).as_posix() for p in saved.rglob("*") if p.is_file()}
    assert any(name.endswith("model/MANIFEST.json") for name in files)
    assert {Path(name).suffix for name in files} <= {
        "",
        ".json",
        ".safetensors",
        ".txt",
        ".ubj",
        ".yaml",
    }
    assert "sk_ensemble.production._serving" in (saved / "MLmodel").read_text()


def test_mlflow_loads_it(saved, model):
    with warnings.catch_warnings():
        # MLflow warns of type hints of its own.
        warnings.simplefilter("ignore", UserWarning)
        import mlflow.pyfunc

        loaded = mlflow.pyfunc.load_model(str(saved))
        found = loaded.predict(as_text(FRAME))
    same(found, expected(model))


def test_settings_are_kept_with_the_model(model, tmp_path):
    how = {"min_history": 2, "max_gap": "7min"}
    save_mlflow_model(model, tmp_path / "served", horizon=3, **how)
    (data,) = (path.parent for path in tmp_path.rglob("serving.json"))
    same(_load_pyfunc(data).predict(FRAME), expected(model, **how))
    with pytest.raises(FileExistsError):
        save_mlflow_model(model, tmp_path / "served")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="close"), "Features missing: 'close'"),
        (lambda f: f.drop(columns="symbol"), r"no columns \['symbol'\]"),
        (lambda f: f.assign(datetime=1.7e9), "holds numbers"),
        (lambda f: f.assign(datetime="soon"), "must hold texts"),
        (lambda f: f.to_numpy(), "must hold a table"),
    ],
)
def test_faulty_requests_are_told_what_is_wrong(saved, change, message):
    (data,) = (path.parent for path in saved.rglob("serving.json"))
    with pytest.raises(DataError, match=message):
        _load_pyfunc(data).predict(change(as_text(FRAME)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, what, body=None):
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/{what}",
        content,
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def wait_for(server, port):
    """Ask until the server answers; it ends by itself if it cannot start."""
    while server.poll() is None:
        with suppress(OSError):
            ask(port, "ping")
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(0.2)
    pytest.fail(f"The server has ended with exit code {server.returncode}.")


def wait_until_nobody_answers(port):
    """Ask until that fails; what the server had accepted may still be answered."""
    for _ in range(300):
        try:
            ask(port, "ping")
        except OSError:
            return
        time.sleep(0.1)
    pytest.fail("The server still answers.")


@pytest.mark.slow
def test_requests_over_http_are_answered_with_the_bits_of_predict(saved, model):
    port = free_port()
    with serving(saved, host="127.0.0.1", port=port) as server:
        wait_for(server, port)
        body = {"dataframe_records": as_text(FRAME).to_dict("records")}
        found = json.loads(ask(port, "invocations", body))["predictions"]
        same(pd.DataFrame(found), expected(model))
        table = as_text(FRAME.drop(columns="close")).to_dict("split", index=False)
        with pytest.raises(urllib.error.HTTPError) as fault:
            ask(port, "invocations", {"dataframe_split": table})
        assert fault.value.code == 400
        assert b"Features missing: 'close'" in fault.value.read()
    assert server.returncode is not None
    wait_until_nobody_answers(port)
