"""What a backup's files may be: an archive that says otherwise is not unpacked, whichever Python restores it."""

from __future__ import annotations

import io
import tarfile

import pytest

from pairly.operations import backups, restoring
from pairly.operations.errors import OperationFailed


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where the files go; the backup lies in `tmp_path`."""
    monkeypatch.setattr(backups, "FOLDERS", {"files.tar": "default"})
    monkeypatch.setattr(backups, "storage_folder", lambda _alias: tmp_path / "place")
    return tmp_path / "place"


def pack(folder, **odd):
    with tarfile.open(folder / "files.tar", mode="w") as tar:
        for name, kind in {"pictures": tarfile.DIRTYPE, "pictures/one.webp": tarfile.REGTYPE}.items():
            member = tarfile.TarInfo(name)
            member.type, member.size, member.mode = kind, 3 if kind == tarfile.REGTYPE else 0, 0o755
            tar.addfile(member, io.BytesIO(b"one"))
        if odd:
            member = tarfile.TarInfo(odd.pop("name", "odd"))
            for name, value in odd.items():
                setattr(member, name, value)
            tar.addfile(member)


def test_files_and_folders_are_unpacked(tmp_path, place):
    pack(tmp_path)
    assert restoring._unpack(tmp_path) == "1 files"
    assert (place / "pictures" / "one.webp").read_bytes() == b"one"


@pytest.mark.parametrize(
    "odd",
    [
        {"name": "../out"},
        {"name": "/etc/out"},
        {"name": "pictures/../../out"},
        {"type": tarfile.SYMTYPE, "linkname": "pictures"},
        {"type": tarfile.LNKTYPE, "linkname": "pictures/one.webp"},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE},
    ],
    ids=str,
)
def test_what_leads_out_or_is_no_file_ends_the_restore_and_leaves_nothing(tmp_path, place, odd):
    pack(tmp_path, **odd)
    with pytest.raises(OperationFailed, match="is no file of a backup"):
        restoring._unpack(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"files.tar"}
