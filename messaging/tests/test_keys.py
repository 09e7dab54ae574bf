"""The key log: what the server refuses, with the codes of the protocol, and that a refusal changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from messaging import key_selectors
from messaging.client.identity import Identity, SignedStatement, SigningKey
from messaging.errors import BackupVersionConflict, MessageRejected
from messaging.models import Key, KeyStatement
from messaging.protocol.labels import label
from messaging.protocol.statements import parse_statement, signed_bytes
from messaging.services import backups, keys
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.common.problems import InvalidInput, NotFound
from pairly.testing.people import make_user
from security.types import Client
from users.models import Session
from users.services import sessions

pytestmark = pytest.mark.django_db


def add(user, entry, family=None):
    body = entry.as_json()
    return keys.add_statement(user=user, family=family or uuid7(), label_=body.pop("label"), **body)


@pytest.fixture
def person():
    user = make_user("fan")
    identity = Identity.create(user=user.uid.bytes)
    return user, identity


@pytest.fixture
def enrolled(person):
    user, identity = person
    family = uuid7()
    for entry in identity.first_statements(now_ms=now_ms()):
        add(user, entry, family)
    return user, identity, family


def refused(user, entry, code):
    before = (Key.objects.count(), KeyStatement.objects.count())
    with pytest.raises(MessageRejected) as caught:
        add(user, entry)
    assert caught.value.code == code
    assert (Key.objects.count(), KeyStatement.objects.count()) == before


def sign_in_for(user, family):
    """A sign-in that goes on."""
    started = sessions.start_session(user=user, kind=Session.Kind.WEB, client=Client())
    Session.objects.filter(pk=started.session.pk).update(id=family, family=family)
    return started


def changed(entry, signer, **fields):
    """The statement with other fields, signed again."""
    raw = replace(parse_statement(raw=entry.statement), **fields).encode()
    return SignedStatement(raw, signer.sign(signed_bytes(statement=raw)), entry.public)


def test_enrolment_fills_the_bundle_and_binds_the_session(enrolled):
    user, identity, family = enrolled
    bundle = key_selectors.get_bundle(user=user, owner_uid=user.uid)
    assert bundle["log"]["seq"] == 3
    assert len(bundle["devices"]) == len(bundle["encryption"]) == 1
    assert key_selectors.find_bound_kid(family=family) == identity.device.kid


def test_each_malformed_first_statement_is_refused_with_its_code(person):
    user, identity = person
    first, device, _ = identity.first_statements(now_ms=now_ms())
    signer = identity.identity
    refused(user, replace(first, statement=first.statement[:-1]), "stmt_length")
    refused(user, changed(first, signer, user=b"x" * 16), "stmt_user")
    refused(user, changed(first, signer, seq=2), "stmt_chain")
    refused(user, changed(first, signer, prev_hash=b"p" * 32), "stmt_chain")
    refused(user, changed(first, signer, role=4), "stmt_role")
    refused(user, changed(first, signer, alg=2), "stmt_role")
    refused(user, changed(device, signer, seq=1, prev_hash=bytes(32)), "stmt_role")
    refused(user, changed(first, signer, subject_kid=b"s" * 32), "stmt_subject")
    refused(user, changed(first, signer, signer_kid=b"s" * 32), "stmt_signer")
    refused(user, replace(first, sig=bytes(64)), "sig_invalid")
    refused(user, replace(first, public=first.public + b"x"), "bad_key_length")
    refused(user, replace(first, public=bytes(32)), "weak_key")
    assert add(user, first).seq == 1


def test_later_statements_need_the_right_signer_and_a_new_key(enrolled):
    user, identity, _ = enrolled
    rotation = identity.rotate(now_ms=now_ms())
    stranger = SigningKey(b"s" * 32)
    refused(user, changed(rotation, stranger, signer_kid=stranger.kid), "stmt_signer")
    refused(user, replace(rotation, public=b"\xff" * 1216), "bad_key")
    assert add(user, rotation).seq == 4
    active = [row["active"] for row in key_selectors.get_bundle(user=user, owner_uid=user.uid)["encryption"]]
    assert active == [False, True]  # peers must seal to the new key
    old = identity.encryption[0]
    again = identity._state(3, 2, old.kid, old.public, now_ms(), "", signer=identity.device)
    refused(user, again, "key_exists")


def test_a_device_can_certify_an_encryption_key_but_no_device(enrolled):
    user, identity, _ = enrolled
    other = SigningKey(b"o" * 32)
    entry = identity._state(2, 1, other.kid, other.public, now_ms(), "", signer=identity.device)
    refused(user, entry, "stmt_signer")


def test_revoking_a_device_stops_it_and_ends_its_sign_in(enrolled):
    user, identity, family = enrolled
    sign_in_for(user, family)
    add(user, identity.revoke_device(kid=identity.device.kid, now_ms=now_ms()))
    assert Session.objects.get(pk=family).end_reason == "key_revoked"
    assert not key_selectors.is_key_active(kid=identity.device.kid)
    assert not Session.objects.filter(family=family, ended_at__isnull=True).exists()
    sig = identity.device.sign(label("bind") + family.bytes + identity.device.kid)
    with pytest.raises(MessageRejected, match="sig_key_revoked"):
        keys.bind_session(user=user, family=family, kid=identity.device.kid, sig=sig)


def test_times_of_statements_are_near_ours_and_never_go_back(enrolled):
    user, identity, _ = enrolled
    at, day = now_ms(), 24 * 3600 * 1000
    entry = identity.rotate(now_ms=at)
    signer = identity.device
    refused(user, changed(entry, signer, created_ms=at + 301_000), "clock_skew")
    refused(user, changed(entry, signer, created_ms=at - 301_000), "clock_skew")
    refused(user, changed(entry, signer, created_ms=at - 60_000), "stmt_time")  # before the statement before it
    refused(user, changed(entry, signer, rotate_after_ms=at), "stmt_time")
    refused(user, changed(entry, signer, rotate_after_ms=at + 400 * day + 1), "stmt_time")
    assert add(user, entry).seq == 4


def test_a_device_is_named_anew_by_its_owner_only(enrolled):
    user, identity, family = enrolled
    keys.rename_device(user=user, kid=identity.device.kid, label_="Kitchen")
    with pytest.raises(NotFound):
        keys.rename_device(user=make_user("fan"), kid=identity.device.kid, label_="Mine")
    (row,) = key_selectors.list_devices(user=user, family=family)
    assert (row.label, row.is_this, row.is_active) == ("Kitchen", True, True)


def test_a_new_sign_in_binds_by_proof_only(enrolled):
    user, identity, family = enrolled
    other = uuid7()
    replayed = identity.device.sign(label("bind") + family.bytes + identity.device.kid)
    with pytest.raises(MessageRejected, match="sig_invalid"):
        keys.bind_session(user=user, family=other, kid=identity.device.kid, sig=replayed)
    proof = identity.device.sign(label("bind") + other.bytes + identity.device.kid)
    keys.bind_session(user=user, family=other, kid=identity.device.kid, sig=proof)
    assert key_selectors.find_bound_kid(family=other) == identity.device.kid
    with pytest.raises(MessageRejected, match="sig_key_unknown"):
        keys.bind_session(user=make_user("fan"), family=other, kid=identity.device.kid, sig=proof)


def test_a_backup_changes_by_compare_and_swap(person):
    from messaging.client import backup

    user, identity = person
    opened = backup.create(identity=identity, recovery=b"r" * 16)
    assert backups.put_backup(user=user, file=backup.to_file(opened), if_match=0).version == 1
    with pytest.raises(BackupVersionConflict):
        backups.put_backup(user=user, file=backup.to_file(opened), if_match=0)
    opened.version = 2
    assert backups.put_backup(user=user, file=backup.to_file(opened), if_match=1).version == 2
    stored = key_selectors.find_backup(user=user).file
    assert backup.open_file(file=stored, recovery=b"r" * 16).identity_seed == identity.identity.seed


def test_a_backup_that_was_lost_comes_back_with_a_later_version(person):
    from messaging.client import backup

    user, identity = person
    opened = backup.create(identity=identity, recovery=b"r" * 16)
    opened.version = 7  # devices refuse to go back behind the version they saw last
    assert backups.put_backup(user=user, file=backup.to_file(opened), if_match=0).version == 7
    opened.version = 9
    with pytest.raises(InvalidInput):
        backups.put_backup(user=user, file=backup.to_file(opened), if_match=7)
