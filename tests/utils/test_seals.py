from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.utils.seals import is_signed_with, sealed, signed, unsealed

KEY = b"a long secret"
PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.floats(-9, 9)
DOCUMENTS = st.dictionaries(
    st.text(max_size=5).filter(lambda name: name not in ("digest", "signature")),
    PLAIN | st.lists(PLAIN, max_size=3),
    max_size=4,
)


@given(DOCUMENTS)
def test_a_sealed_document_is_read_as_it_was(document):
    found = unsealed(sealed(document))
    del found["digest"]
    assert found == document


@given(DOCUMENTS, st.data())
def test_any_changed_byte_is_found(document, data):
    content = bytearray(sealed(document))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match=r"digest is another|no JSON"):
        unsealed(bytes(content))


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b"[" * 10**5, b"\xff"])
def test_what_is_no_sealed_document_is_refused(content):
    with pytest.raises(ValueError, match=r"digest is another|no JSON"):
        unsealed(content)


def test_the_signature_is_the_published_one():
    document = signed({"b": 1, "a": "x"}, KEY)
    text = '{\n  "a": "x",\n  "b": 1\n}\n'
    expected = hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()
    assert document["signature"] == expected


def test_only_those_with_the_key_can_sign():
    document = signed({"version": 3}, KEY)
    assert is_signed_with(document, KEY) is True
    assert is_signed_with(document, b"another secret") is False
    assert is_signed_with(signed({"version": 3}, None), KEY) is None
    # Whoever changes it can seal it again, and cannot sign it.
    forged = unsealed(sealed(document | {"version": 4}))
    assert is_signed_with(forged, KEY) is False


@pytest.mark.parametrize("signature", ["", "\u2603", 5, [], {}])
def test_a_signature_of_another_kind_is_none(signature):
    document = json.loads(json.dumps({"version": 3, "signature": signature}))
    assert not is_signed_with(document, KEY)
