from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.utils import sealed_format
from sk_ensemble.utils.sealed_format import SealedFormat
from sk_ensemble.utils.seals import digest_of

FORMAT = SealedFormat("test.counts", 2, "Count again.")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "counts"
    arrays = {
        "n": np.arange(6).reshape(2, 3).T,
        "x": np.array([0.1, np.nan]),
        "0": np.float32(3),
    }
    FORMAT.write(path, {"of": ["bars", None, 0.1]}, arrays)
    return path


def test_what_is_written_is_read(path):
    document, arrays = FORMAT.read(path)
    assert document == {"of": ["bars", None, 0.1]}
    assert sorted(arrays) == ["0", "n", "x"]
    assert arrays["0"].shape == ()
    assert arrays["n"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert np.array_equal(arrays["x"], [0.1, np.nan], equal_nan=True)


def test_every_bit_counts(path):
    content = path.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(PersistenceError, match=r"counts is damaged.*Count again\."):
            FORMAT.read(path)
    path.write_bytes(content)
    FORMAT.read(path)


def test_what_is_not_there_is_refused_with_a_remedy(tmp_path):
    with pytest.raises(PersistenceError, match=r"no cannot be read.*Count again\."):
        FORMAT.read(tmp_path / "no")


@pytest.mark.parametrize(
    "other", [SealedFormat("test.counts", 3, ""), SealedFormat("test.sums", 2, "")]
)
def test_other_formats_are_refused(other, tmp_path):
    other.write(tmp_path / "file", {}, {})
    told = rf"file has the format '{other.name}' {other.version}, .* 'test.counts' 2\."
    with pytest.raises(PersistenceError, match=told):
        FORMAT.read(tmp_path / "file")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no safetensors at all",
        safetensors.numpy.save({"n": np.arange(3)}),
        safetensors.numpy.save({"n": np.arange(3)}, {"document": "[]"}),
        safetensors.numpy.save({"n": np.arange(3)}, {"document": "no JSON"}),
    ],
)
def test_what_somebody_else_has_sealed_is_refused(content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(digest_of(content).encode() + b"\n" + content)
    with pytest.raises(PersistenceError, match=r"file is no 'test\.counts' file"):
        FORMAT.read(path)


def test_a_file_that_is_too_large_is_not_read(path, monkeypatch):
    monkeypatch.setattr(sealed_format, "_LARGEST", 10)
    with pytest.raises(PersistenceError, match="more than 10 bytes"):
        FORMAT.read(path)
