import base64
import json
import os
import stat
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import crypto

FIELD = "students.identifier"


@pytest.fixture
def ring(monkeypatch):
    """Both schemes on one ring, so that a value sealed with the former still opens."""

    def use(current):
        keys = [
            {"id": 1, "scheme": crypto.SM4_GCM, "secret": base64.b64encode(b"1" * 16).decode()},
            {"id": 2, "scheme": crypto.AES_GCM, "secret": base64.b64encode(b"2" * 32).decode()},
        ]
        secret = base64.b64encode(b"3" * 32).decode()
        text = json.dumps({"current": current, "keys": keys, "index_secret": secret})
        monkeypatch.setenv("APP_KEYRING_JSON", text)
        crypto.keyring.cache_clear()

    yield use
    monkeypatch.undo()
    crypto.keyring.cache_clear()


@given(st.text(max_size=60))
def test_what_is_sealed_opens_again(text):
    row = uuid4()

    assert crypto.unseal(crypto.seal(text, field=FIELD, row=row), field=FIELD, row=row) == text


@pytest.mark.parametrize("key_id, scheme", [(1, crypto.SM4_GCM), (2, crypto.AES_GCM)])
def test_the_envelope_names_scheme_and_key(ring, key_id, scheme):
    ring(key_id)

    sealed = crypto.seal("629900201308310018", field=FIELD, row=uuid4())

    assert (sealed[0], sealed[1], len(sealed)) == (scheme, key_id, 2 + 12 + 18 + 16)


def test_a_new_current_key_still_opens_what_the_former_sealed(ring):
    row = uuid4()
    ring(1)
    sealed = crypto.seal("629900201308310018", field=FIELD, row=row)
    ring(2)

    assert crypto.unseal(sealed, field=FIELD, row=row) == "629900201308310018"


@pytest.mark.parametrize("at", [0, 1, 2, 14, -1])
def test_an_altered_byte_is_noticed(ring, at):
    ring(1)
    row = uuid4()
    sealed = bytearray(crypto.seal("629900201308310018", field=FIELD, row=row))
    sealed[at] ^= 1

    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(bytes(sealed), field=FIELD, row=row)


def test_a_value_moved_to_another_row_or_field_does_not_open():
    row = uuid4()
    sealed = crypto.seal("629900201308310018", field=FIELD, row=row)

    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(sealed, field=FIELD, row=uuid4())
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(sealed, field="students.guardian_phone", row=row)


def test_a_truncated_value_does_not_open():
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(b"\x01\x01abc", field=FIELD, row=uuid4())


def test_the_blind_index_is_equal_for_equal_numbers_and_depends_on_its_key(ring):
    ring(1)
    first = crypto.blind_index("629900201308310018")
    again = crypto.blind_index("629900201308310018")

    assert first == again
    assert len(first) == 16
    assert first != crypto.blind_index("629900201309010025")


def test_a_new_key_file_is_the_owners_alone_and_never_overwritten(tmp_path):
    path = tmp_path / "keyring.json"

    assert crypto.make_keyring(path)
    written = path.read_text()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert not crypto.make_keyring(path)
    assert path.read_text() == written
