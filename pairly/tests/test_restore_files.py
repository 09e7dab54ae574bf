"""What a backup's files may be: an archive that says otherwise is not unpacked, whichever Python restores it."""

from __future__ import annotations

import io
import tarfile

import pytest

from pairly.operations import restoring


def archive(**fields):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind in {"pictures": tarfile.DIRTYPE, "pictures/one.webp": tarfile.REGTYPE}.items():
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, 3 if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(b"one"))
        if fields:
            member = tarfile.TarInfo(fields.pop("name", "odd"))
            for name, value in fields.items():
                setattr(member, name, value)
            tar.addfile(member)
    out.seek(0)
    return tarfile.open(fileobj=out)


def test_files_and_folders_are_unpacked(tmp_path):
    with archive() as tar:
        restoring._require_plain(tar, tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "../out"},
        {"name": "/etc/out"},
        {"name": "pictures/../../out"},
        {"type": tarfile.SYMTYPE, "linkname": "/etc"},
        {"type": tarfile.LNKTYPE, "linkname": "pictures/one.webp"},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE},
    ],
    ids=str,
)
def test_what_leads_out_or_is_no_file_is_not(tmp_path, fields):
    with archive(**fields) as tar, pytest.raises(tarfile.TarError):
        restoring._require_plain(tar, tmp_path)
