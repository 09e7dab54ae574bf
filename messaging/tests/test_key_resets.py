"""An identity reset: a new log, nothing of the old keys in force, and all or nothing."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from credits import selectors as ledger
from messaging import key_selectors
from messaging.client import backup
from messaging.client.identity import Identity
from messaging.errors import BackupVersionConflict, MessageRejected, NoKeys
from messaging.models import Key, KeyStatement, SessionDevice
from messaging.services import key_resets, keys
from pairly.common.clock import now_ms
from pairly.outbox.models import OutboxRow
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_user, sign_in_as
from users.errors import StepUpRequired
from users.models import Session
from users.types import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return PenFriend("fan", name="Fay", credits_centi=100_000)


def proof(user, *, family=None, minutes=0):
    return SignIn(user.uid, family or uuid.uuid4(), stepped_up_at=timezone.now() - timedelta(minutes=minutes))


def new_keys(user, version=2):
    identity = Identity.create(user=user.uid.bytes)
    entries = [keys.SignedEntry(**entry.as_json()) for entry in identity.first_statements(now_ms=now_ms())]
    opened = backup.create(identity=identity, recovery=b"n" * 16)
    opened.version = version
    return identity, entries, backup.to_file(opened)


def reset(user, sign_in=None, *, entries, file, if_match=1):
    return key_resets.reset_identity(
        user=user, sign_in=sign_in or proof(user), entries=entries, backup=file, if_match=if_match
    )


def test_new_keys_begin_a_new_log_and_the_old_one_can_still_be_read(person, client):
    user = person.user
    old = key_selectors.get_bundle(user=user, owner_uid=user.uid)
    sign_in_as(user)
    here = Session.objects.filter(user=user).latest("created_at").pk
    sign_in_as(user)
    identity, entries, file = new_keys(user)
    head = reset(user, proof(user, family=here), entries=entries, file=file)
    assert (head.log_no, head.seq) == (2, 3)

    bundle = key_selectors.get_bundle(user=user, owner_uid=user.uid)
    assert bundle["log_no"] == 2
    assert bundle["identity"]["public"] != old["identity"]["public"]
    assert sorted(row["active"] for row in bundle["devices"]) == [False, True]
    assert Key.objects.filter(user=user, active=False, revoked_at=None).count() == 0
    assert [str(row.family) for row in SessionDevice.objects.filter(key__user=user)] == [str(here)]
    assert [row.pk for row in Session.objects.filter(user=user, ended_at=None)] == [here]
    stored = key_selectors.find_backup(user=user)
    assert backup.open_file(file=stored.file, recovery=b"n" * 16).version == stored.version == 2
    assert OutboxRow.objects.get(user_uid=user.uid).payload["notice"] == "identity_reset"

    reader = sign_in_as(make_user("creator"))
    path = f"/api/v1/keys/{user.uid}/log"
    now, before, none = (json.loads(reader.get(path + query).content) for query in ("", "?log_no=1", "?log_no=3"))
    assert (now["log_no"], len(now["entries"])) == (2, 3)
    assert now["entries"][0]["statement"] == entries[0].statement
    assert (before["log_no"], len(before["entries"])) == (1, 3)
    assert before["entries"][0]["public"] == old["identity"]["public"]
    assert none == {"log_no": 3, "entries": []}
    keys.add_statement(user=user, family=here, **_named(identity.rotate(now_ms=now_ms())))
    assert keys.find_head(user=user).seq == 4  # the new log goes on


def _named(entry):
    body = entry.as_json()
    return {"label_": body.pop("label"), **body}


def test_without_a_fresh_proof_keys_or_the_right_version_nothing_changes(person):
    user = person.user
    _, entries, file = new_keys(user)
    _, others, _ = new_keys(make_user("fan"))
    active = set(Key.objects.filter(user=user, active=True).values_list("pk", flat=True))
    n = KeyStatement.objects.count()

    def refused(error, match=None, **other):
        with pytest.raises(error, match=match):
            reset(user, **({"entries": entries, "file": file} | other))
        assert set(Key.objects.filter(user=user, active=True).values_list("pk", flat=True)) == active
        assert KeyStatement.objects.count() == n

    refused(StepUpRequired, sign_in=proof(user, minutes=6))
    refused(BackupVersionConflict, if_match=2, file={**file, "version": 3})
    refused(MessageRejected, "stmt_role", entries=entries[:2])
    refused(MessageRejected, "stmt_chain", entries=[entries[0], entries[2], entries[1]])
    refused(MessageRejected, "stmt_user", entries=others)
    newcomer = make_user("fan")
    _, first, first_file = new_keys(newcomer, version=1)
    with pytest.raises(NoKeys):
        reset(newcomer, entries=first, file=first_file, if_match=0)


def test_held_credits_stay_and_what_is_sealed_to_old_keys_is_stale(person):
    creator = PenFriend("creator", name="Cleo", price_centi=5_000)
    letters = Letters(fan=person, creator=creator)
    letters.write(person, "before")
    _, entries, file = new_keys(creator.user)
    reset(creator.user, entries=entries, file=file)
    assert ledger.get_balance(user_id=person.user.pk).held_centi == 5_000
    with pytest.raises(MessageRejected, match="rcpt_key_stale"):
        letters.write(person, "sealed to the keys of before")
