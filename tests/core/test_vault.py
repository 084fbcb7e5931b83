"""Sealed files: whole or not at all, and never plain on the disk for longer than they are read."""

import io
import stat

import pytest

from core import crypto, vault

LONG = bytes(range(256)) * (2 * vault.PIECE // 256) + b"tail"


@pytest.mark.parametrize("content", [b"", b"short", LONG, LONG[: 2 * vault.PIECE]])
def test_what_went_in_comes_out(tmp_path, content):
    path = tmp_path / "new" / "file"

    vault.seal_into(path, io.BytesIO(content))

    assert b"".join(vault.pieces(path)) == content
    assert b"tail" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_plain_copy_is_gone_afterwards(tmp_path):
    path = tmp_path / "file"
    vault.seal_into(path, io.BytesIO(LONG))

    with vault.opened(path) as plain:
        assert plain.read_bytes() == LONG
        assert stat.S_IMODE(plain.stat().st_mode) == 0o600

    assert not plain.exists()


def _pieces(blob):
    at = len(vault.MAGIC)
    while at < len(blob):
        end = at + 4 + int.from_bytes(blob[at : at + 4], "big")
        yield blob[at:end]
        at = end


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parts: parts[:-1],
        lambda parts: [parts[1], parts[0], *parts[2:]],
        lambda parts: parts[1:],
        lambda parts: [],
        lambda parts: [*parts[:-1], parts[-1][:-1] + bytes([parts[-1][-1] ^ 1])],
    ],
    ids=["cut off", "exchanged", "without its beginning", "emptied", "altered"],
)
def test_a_spoilt_file_does_not_open(tmp_path, spoil):
    path = tmp_path / "file"
    vault.seal_into(path, io.BytesIO(LONG))
    path.write_bytes(vault.MAGIC + b"".join(spoil(list(_pieces(path.read_bytes())))))

    with pytest.raises(crypto.CannotOpen):
        b"".join(vault.pieces(path))


def test_a_file_under_another_name_does_not_open(tmp_path):
    vault.seal_into(tmp_path / "file", io.BytesIO(b"x"))
    (tmp_path / "file").rename(tmp_path / "other")

    with pytest.raises(crypto.CannotOpen):
        list(vault.pieces(tmp_path / "other"))


def test_old_files_and_forgotten_copies_are_purged(tmp_path):
    for name in ("a", "b"):
        vault.seal_into(tmp_path / name, io.BytesIO(b"x"))
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "left").write_bytes(b"plain")
    late = (tmp_path / "b").stat().st_mtime + 1

    assert vault.purge(tmp_path, before=late - 100) == 0
    assert vault.purge(tmp_path, before=late) == 3
