"""Checking certificates without the product: the verifier knows Python and `cryptography` alone."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from moderation.certificates import constants, documents, published, verifier
from moderation.certificates.services import keys, revoking

from .certifying import make_certified

pytestmark = pytest.mark.django_db


class Files:
    """What somebody has who checks: a certificate, the keys, the list."""

    def __init__(self) -> None:
        self.row = make_certified()
        self.load()

    def load(self) -> None:
        client = Client()
        self.certificate = client.get(f"/api/v1/certificates/{self.row.code}").json()
        self.keys = client.get("/.well-known/pairly-certificates").json()
        self.revoked = client.get("/.well-known/pairly-certificates/revoked").json()

    def verdict(self, *, days: int = 1, **more) -> str:
        given = {"keys": self.keys, "revoked": self.revoked, "at": timezone.now() + timedelta(days=days), **more}
        return verifier.check(self.certificate, **given)[0]


@pytest.fixture
def files() -> Files:
    return Files()


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_what_is_signed_is_named_the_same_on_both_sides():
    assert (verifier.CONTEXT, verifier.ISSUER) == (constants.CONTEXT, constants.ISSUER)


def test_what_was_issued_holds_from_then_to_its_end_for_its_account(files):
    assert files.verdict() == "valid"
    assert files.verdict(days=-1) == "not_yet"
    assert files.verdict(days=701) == "expired"
    assert files.verdict(on=str(files.row.user.uid)) == "valid"
    assert files.verdict(on="00000000-0000-7000-8000-000000000000") == "other_account"


def test_without_the_list_it_is_not_known_whether_it_was_taken_back(files):
    assert files.verdict(revoked=None) == "revocation_unknown"
    revoking.revoke(code=files.row.code, because="staff")
    files.load()
    assert files.verdict() == "revoked"


def test_members_beside_the_payload_are_believed_in_nothing(files):
    files.certificate |= {"state": "valid", "name": "Somebody Else", "expires_at": "2099-01-01T00:00:00+00:00"}
    assert files.verdict(days=701) == "expired"
    assert verifier.check(files.certificate, keys=files.keys, at=timezone.now())[1]["name"] == "Mara Lind"


def test_a_key_of_somebody_else_proves_nothing(files):
    own = {**files.keys["keys"][0]}
    foreign = keys.make()
    public = b64u(bytes(foreign.public))
    assert files.verdict(keys={"keys": [{**own, "public": public}]}) == "altered"
    assert files.verdict(keys={"keys": [{**own, "kid": foreign.kid, "public": public}]}) == "unknown_key"
    assert files.verdict(keys={"keys": []}) == "unknown_key"


def test_a_new_key_leaves_old_certificates_valid(files):
    keys.make()
    newer = make_certified("Newer")
    files.load()
    assert files.verdict() == "valid"
    files.row = newer
    files.load()
    assert files.verdict() == "valid"


@hypothesis_settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(part=st.sampled_from(["payload", "signature"]), place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_any_changed_byte_of_payload_or_signature_fails(files, part, place, flip):
    found = published.show(certificate=files.row)
    data = bytearray(getattr(found, part))
    data[place % len(data)] ^= flip
    changed = {**files.certificate, part: b64u(bytes(data))}
    verdict, says = verifier.check(changed, keys=files.keys, revoked=files.revoked, at=timezone.now())
    assert (verdict, says) == ("altered", {})


@hypothesis_settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(part=st.sampled_from(["payload", "signature"]), place=st.integers(0, 10_000), letter=st.characters())
def test_any_changed_letter_fails_or_cannot_be_read(files, part, place, letter):
    text = files.certificate[part]
    place %= len(text)
    changed = text[:place] + letter + text[place + 1 :]
    try:
        verdict, says = verifier.check({**files.certificate, part: changed}, keys=files.keys, at=timezone.now())
    except verifier.Unreadable:
        return
    assert (verdict, says) == ("altered", {}) or changed == text


@pytest.mark.parametrize(
    "document",
    [[], "x", None, {}, {"payload": 1}, {"payload": "e30", "signature": "AA", "kid": ""}, {"payload": "=", "kid": "x"}],
    ids=["list", "text", "null", "empty", "number", "no key", "no base64"],
)
def test_what_is_no_certificate_cannot_be_read(files, document):
    with pytest.raises(verifier.Unreadable):
        verifier.check(document, keys=files.keys, at=timezone.now())


def test_a_right_signature_over_something_else_is_no_certificate(files):
    for data in (b"{}", b"not JSON", b'{"v": 2}'):
        signature = keys.sign(key=files.row.key, data=constants.CONTEXT + data)
        signed = {**files.certificate, "payload": b64u(data), "signature": b64u(signature)}
        with pytest.raises(verifier.Unreadable):
            verifier.check(signed, keys=files.keys, at=timezone.now())
    signature = keys.sign(key=files.row.key, data=bytes(files.row.payload))
    files.certificate["signature"] = b64u(signature)  # of the same key, for another purpose
    assert files.verdict() == "altered"


def run(folder, files: Files, *more: str, certificate: dict | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a Python that has no Django."""
    for name in ("keys", "revoked"):
        (folder / f"{name}.json").write_text(json.dumps(getattr(files, name)))
    (folder / "django.py").write_text("raise ImportError('not here')")
    (folder / "file.json").write_text(json.dumps(certificate or files.certificate))
    command = [sys.executable, "-m", "moderation.certificates.verifier", str(folder / "file.json")]
    return subprocess.run(
        [*command, "--keys", str(folder / "keys.json"), *more],
        cwd=settings.BASE_DIR, env={"PYTHONPATH": f"{folder}:{settings.BASE_DIR}"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_command_says_it_in_its_first_word_and_in_how_it_ends(files, tmp_path):
    revoked = ("--revoked", str(tmp_path / "revoked.json"))
    done = run(tmp_path, files, *revoked)
    assert (done.returncode, done.stdout.split()[0], done.stderr) == (0, "valid", "")
    assert '"Mara Lind"' in done.stdout
    assert run(tmp_path, files).returncode == 3
    altered = {**files.certificate, "signature": b64u(bytes(64))}
    done = run(tmp_path, files, *revoked, certificate=altered)
    assert (done.returncode, done.stdout) == (1, "altered\n")
    assert run(tmp_path, files, *revoked, "--at", "2100-01-01").stdout.startswith("expired")
    done = run(tmp_path, files, "--revoked", str(tmp_path / "nowhere.json"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_download_is_what_the_command_reads(files, tmp_path):
    found = documents.document_of(found=published.show(certificate=files.row), at=timezone.now())
    text = json.loads(json.dumps(found, default=str))
    assert run(tmp_path, files, "--revoked", str(tmp_path / "revoked.json"), certificate=text).returncode == 0
