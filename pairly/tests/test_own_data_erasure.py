from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from messaging.models import Key, KeyBackup, Message
from moderation.models import WorkItem, WorkNote
from pairly.outbox import services as outbox
from pairly.testing.pen_friends import Letters, PenFriend
from profiles.models import Picture, Profile
from profiles.services import pictures
from security.models import AuditEntry, KnownDevice, LoginAttempt
from users import registry, selectors
from users.models import AccountClosure, Block, DataExport, EmailChange, Session, User
from users.services import closures, erasure, exports, sign_in, tokens
from users.tasks import erase_due
from users.tests.helpers import SIGN_UP, VISITOR, at_once, bearer, make_person, post, start_api
from users.types import Device, Obstacle

# Each stands somewhere else, and none may stand anywhere afterwards.
EMAIL, NAME, PHONE = "canary-4be1@example.org", "Canary Fourbeeone", "+499999741852"
BIO, DEVICE, NOTE = "canary-bio-77aa of a quiet life", "canary-phone-5c", "canary-note-31"
OLD_EMAIL = "canary-before@example.org"
CANARIES = (EMAIL, NAME, PHONE, BIO, DEVICE, NOTE, OLD_EMAIL)
PASSWORD = "a long enough passphrase 7"
DEVICE_OF_CANARY = Device(name=DEVICE, fingerprint="a fingerprint of thirty-two letters")


def _find_in_database(words: tuple[str, ...]) -> set[tuple[str, str]]:
    """Which of `words` stand in which table: every column of every table, as text, bytes also as characters."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "JOIN information_schema.tables USING (table_schema, table_name) "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1, 2"
        )
        for table, column, kind in cursor.fetchall():
            value = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            for word in words:
                cursor.execute(f'SELECT 1 FROM "{table}" WHERE {value} LIKE %s LIMIT 1', [f"%{word}%"])
                if cursor.fetchone():
                    found.add((table, word))
    return found


def _canary() -> PenFriend:
    """Someone with something everywhere."""
    friend = PenFriend("creator", name=NAME, price_centi=10_000)
    user = friend.user
    User.objects.filter(pk=user.pk).update(email=EMAIL, phone=PHONE)
    user.refresh_from_db()
    Profile.objects.filter(user=user).update(bio=BIO, display_name=NAME)
    Key.objects.filter(user=user, role=Key.Role.DEVICE).update(label=DEVICE)
    EmailChange.objects.create(user=user, old_email=OLD_EMAIL, new_email=EMAIL, expires_at=timezone.now())
    Block.objects.create(blocker=user, blocked=make_person(email="eve@example.org"), reason=NOTE)
    item = WorkItem.objects.create(kind="report", ref=user.uid, subject_uid=user.uid, due_at=timezone.now())
    WorkNote.objects.create(item=item, author=make_person(email="mod@example.org"), text=f"{NAME} {NOTE}")
    return friend


def _sign_in(user: User) -> Any:
    return sign_in.sign_in(
        email=user.email, password=PASSWORD, kind=Session.Kind.API, door="api", client=VISITOR, device=DEVICE_OF_CANARY
    )


def _picture(user: User) -> list[str]:
    file = io.BytesIO()
    Image.new("RGB", (600, 600), "teal").save(file, "PNG")
    picture = pictures.add_picture(user=user, kind="portrait", data=file.getvalue(), alt=NAME)
    return picture.file_names


def _ask(user: User) -> AccountClosure:
    sign_in = selectors.sign_in_of(start_api(user).session)
    agreed = ["credits_left", "earnings_left"]
    return closures.request_deletion(user=user, sign_in=sign_in, agreed=agreed, client=VISITOR)


def _let_the_grace_pass() -> None:
    due = AccountClosure.objects.filter(erased_at__isnull=True)
    due.update(erase_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_after_the_erasure_nothing_says_who_it_was(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    canary = _canary()
    user = canary.user
    fan = PenFriend("fan", name="Fay", credits_centi=50_000)
    letters = Letters(fan=fan, creator=canary)
    letters.write(fan, "hello")
    letters.write(canary, "hello to you")
    started = _sign_in(user)
    files = _picture(user)
    access = tokens.issue(started=started)["access_token"]
    export = exports.request(user=user, sign_in=selectors.sign_in_of(started.session), client=VISITOR)
    assert exports.make(export_uid=export.pk)
    kept = DataExport.objects.get().file_name
    closure = _ask(user)
    outbox.deliver_due()
    present = {word for _table, word in _find_in_database(CANARIES)}
    assert present == set(CANARIES)  # the search would find what is there
    sent = list(Message.objects.order_by("pk").values_list("conversation_id", "n", "ct", "head"))
    assert erase_due() == 0
    _let_the_grace_pass()
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_due() == 1
    assert erase_due() == 0

    assert _find_in_database(CANARIES) == set()
    user.refresh_from_db()
    assert (user.name, user.email) == ("Deleted account", f"erased-{user.uid}@erased.invalid")
    assert (user.phone, user.is_active, user.birth_date) == (None, False, date(1900, 1, 1))
    assert not user.has_usable_password()
    for model in (Session, KeyBackup, DataExport, EmailChange):
        assert not model.objects.filter(user=user).exists()
    assert not KnownDevice.objects.filter(user_uid=user.uid).exists()
    assert not Picture.objects.filter(profile__user=user).exists()
    assert not [name for name in files if default_storage.exists(name)]
    assert not exports._storage().exists(kept)
    attempt = LoginAttempt.objects.get(door="api")
    assert (attempt.user_uid, attempt.ip, attempt.user_agent) == (None, None, "")
    assert len(attempt.identifier_hash) == 32
    assert list(Message.objects.order_by("pk").values_list("conversation_id", "n", "ct", "head")) == sent
    closure.refresh_from_db()
    assert closure.erased_at is not None
    assert AuditEntry.objects.filter(action="account.erased", subject_uid=user.uid).exists()
    assert Client().get("/api/v1/auth/sessions", **bearer(access)).status_code == 401
    assert Client().get("/api/v1/privacy/exports", **bearer(access)).status_code == 401
    refresh = {"refresh_token": started.refresh_token}
    assert post("/api/v1/auth/refresh", refresh).json()["code"] == "token_revoked"


@pytest.mark.django_db
def test_the_address_may_sign_up_anew_and_an_old_token_is_nobodys() -> None:
    user = make_person(email="ada@example.org")
    access = tokens.issue(started=start_api(user))["access_token"]
    _ask(user)
    _let_the_grace_pass()
    assert erase_due() == 1
    answer = post("/api/v1/auth/signup", {**SIGN_UP, "email": "ada@example.org"})
    assert answer.status_code == 201
    assert answer.json()["user"]["id"] != str(user.uid)
    assert Client().get("/api/v1/auth/sessions", **bearer(access)).json()["code"] == "token_revoked"


@pytest.mark.django_db
def test_the_other_person_still_sees_the_conversation_with_a_deleted_account() -> None:
    canary = _canary()
    fan = PenFriend("fan", name="Fay", credits_centi=50_000)
    letters = Letters(fan=fan, creator=canary)
    letters.write(fan, "hello")
    letters.write(canary, "hello to you")
    _ask(canary.user)
    _let_the_grace_pass()
    assert erase_due() == 1
    browser = Client()
    assert browser.post("/sign-in/", {"email": fan.user.email, "password": PASSWORD}).status_code == 302
    inbox = browser.get("/inbox/").content.decode()
    assert "Deleted account" in inbox
    page = browser.get(letters.path)
    assert page.status_code == 200
    assert "Deleted account" in page.content.decode()


@pytest.mark.django_db
def test_what_is_unsettled_holds_the_erasure_up_and_nothing_is_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_person()
    _ask(user)
    _let_the_grace_pass()

    def waits(*, user: User) -> list[Obstacle]:
        return [Obstacle(code="open_holds", detail="wait")]

    monkeypatch.setattr(registry, "list_checks", lambda: [waits])
    assert erase_due() == 0
    monkeypatch.undo()

    def breaks(*, user: User) -> None:
        raise RuntimeError("of the test")

    hooks = registry.list_erasures()
    monkeypatch.setattr(registry, "list_erasures", lambda: [*hooks, breaks])
    assert erase_due() == 0
    user.refresh_from_db()
    assert user.email == "ada@example.org"
    assert AccountClosure.objects.get().erased_at is None
    monkeypatch.undo()
    assert erase_due() == 1


@pytest.mark.django_db
def test_one_account_that_fails_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_person(email="a@example.org"), make_person(email="b@example.org")
    _ask(first)
    _ask(second)
    _let_the_grace_pass()
    erase = erasure.erase_account

    def erase_or_break(*, user: User) -> None:
        if user.pk == first.pk:
            raise RuntimeError("of the test")
        erase(user=user)

    monkeypatch.setattr(erasure, "erase_account", erase_or_break)
    assert erase_due() == 1
    assert User.objects.filter(email="a@example.org").exists()
    assert not User.objects.filter(email="b@example.org").exists()


def _race(number: int) -> tuple[bool, bool]:
    """Whether the account was kept, and whether it was erased, when both are tried at once."""
    user = make_person(email=f"ada{number}@example.org")
    closure = _ask(user)
    _let_the_grace_pass()
    sign_in = selectors.sign_in_of(start_api(user).session)

    def run(n: int) -> bool:
        if n % 2:
            return erasure.erase(closure_uid=closure.pk)
        try:
            closures.cancel(user=User.objects.get(pk=user.pk), sign_in=sign_in, client=VISITOR)
        except Exception:
            return False
        return True

    answers = at_once(4, run)
    return any(answers[::2]), any(answers[1::2])


def test_an_account_is_either_kept_or_erased(committed_db: str) -> None:
    for number in range(10):
        kept, erased = _race(number)
        assert kept != erased
        is_active = User.objects.filter(email=f"ada{number}@example.org", is_active=True).exists()
        assert is_active == kept


def test_without_the_row_lock_it_could_be_both(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the account is kept between the erasure's look and its work."""
    user = make_person()
    closure = _ask(user)
    _let_the_grace_pass()
    sign_in = selectors.sign_in_of(start_api(user).session)
    hooks = registry.list_erasures()

    def keep(*, user: User) -> None:
        def run(_number: int) -> bool:
            return closures.cancel(user=User.objects.get(pk=user.pk), sign_in=sign_in, client=VISITOR)

        assert at_once(1, run) == [True]

    monkeypatch.setattr(erasure.entrance, "hold", lambda *, user: User.objects.filter(pk=user.pk).first())
    monkeypatch.setattr(registry, "list_erasures", lambda: [keep, *hooks])
    assert erasure.erase(closure_uid=closure.pk)  # though its owner was told that it stays
    assert not User.objects.filter(email="ada@example.org").exists()
