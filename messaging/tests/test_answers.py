"""Held credits after a reply, as people meet them: services, endpoints, frames, notifications, rules about abuse."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from credits import errors, invariants
from credits import selectors as ledger
from messaging import answer_selectors, events, selectors
from messaging import frames as schemas
from messaging.errors import DisputeRightLost, OwnDispute, TooManyDisputes
from messaging.models import AnswerDispute
from messaging.services import answers, deadlines, privacy
from pairly.common.problems import NotFound
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_staff, make_user, sign_in_as
from users.models import Notification

pytestmark = pytest.mark.django_db

PRICE = 5_000
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def frames(monkeypatch) -> list[tuple[uuid.UUID, dict[str, Any]]]:
    """What is pushed about holds, as (user, frame), each checked against its schema."""
    pushed: list[tuple[uuid.UUID, dict[str, Any]]] = []

    def take(*, user_id, event):
        assert schemas.is_frame(side="server", frame=event)
        pushed.append((user_id, event))

    monkeypatch.setattr(answers, "push", take)
    return pushed


class Chat:
    """A fan who wrote once and a creator; `reply` answers."""

    def __init__(self) -> None:
        self.fan = PenFriend("fan", name="Fay Fan", credits_centi=100_000)
        self.creator = PenFriend("creator", name="Cleo Creator", price_centi=PRICE)
        self.letters = Letters(fan=self.fan, creator=self.creator)
        self.message = self.send()

    def send(self) -> uuid.UUID:
        return self.letters.write(self.fan, "What do you think of my song?").message_id

    def reply(self, text: str = "ok") -> uuid.UUID:
        return self.letters.write(self.creator, text).message_id

    def dispute(self, message: uuid.UUID | None = None, **more: Any) -> AnswerDispute:
        fields = {"reason": "empty", "words": "Two letters, nothing about the song.", **more}
        found, _ = answers.say_no_answer(
            user=self.fan.user, conversation_uid=self.letters.uid, message_id=message or self.message, **fields
        )
        return found

    def give_back(self, message: uuid.UUID | None = None, *, by: PenFriend | None = None):
        who = (by or self.creator).user
        return answers.give_back(user=who, conversation_uid=self.letters.uid, message_id=message or self.message)

    def money(self) -> tuple[int, int, int]:
        """What the fan can spend, what is held, what the creator has earned."""
        balance, earnings = (
            ledger.get_balance(user_id=self.fan.user.pk),
            ledger.get_earnings(user_id=self.creator.user.pk),
        )
        return balance.balance_centi, balance.held_centi, earnings.earned_centi

    def holds(self) -> list[Any]:
        """The held credits of all messages, in their order."""
        scope = selectors.get_conversation(user=self.fan.user, uid=self.letters.uid).pk
        return [hold for _, hold in sorted(ledger.holds_by_position(scope=scope, positions=range(1, 20)).items())]

    def states(self) -> list[str]:
        return [hold.state for hold in self.holds()]

    def row(self, who: PenFriend, n: int = 1) -> dict[str, Any]:
        return selectors.list_missed(user=who.user, conversation_uid=self.letters.uid, after_n=n - 1)[0]


@pytest.fixture
def chat() -> Chat:
    return Chat()


def told(user, kind):
    return [row.payload for row in Notification.objects.filter(user=user, kind=kind)]


def assert_books_balance():
    assert [found for found in invariants.check_in_transaction() if not found.is_ok] == []


# -- not an answer
@pytest.mark.parametrize("is_upheld", [True, False])
def test_a_reply_that_was_no_answer_is_frozen_and_decided(chat, frames, is_upheld):
    chat.reply()
    assert chat.money() == (95_000, 0, 4_000)
    assert chat.row(chat.fan)["dispute_until"] is not None
    assert chat.row(chat.creator)["dispute_until"] is None
    dispute = chat.dispute()
    assert chat.money() == (95_000, 5_000, 0)
    row = chat.row(chat.creator)
    assert (row["hold_state"], row["dispute"]["state"], row["dispute"]["reason"]) == ("frozen", "open", "empty")
    assert "song" not in str(row["dispute"])  # the fan's words are for staff
    assert chat.row(chat.fan)["dispute_until"] is None
    assert (dispute.message_ns, dispute.reply_n, dispute.amount_centi) == ([1], 2, 5_000)
    assert dispute.reply_bytes == 12 + 256 + 16
    moderator = make_staff("moderator")
    answers.decide(uid=dispute.uid, staff=moderator, is_upheld=is_upheld, decision="Two letters.")
    assert chat.money() == ((100_000, 0, 0) if is_upheld else (95_000, 0, 4_000))
    row = chat.row(chat.fan)
    state, settled = ("upheld", "voided") if is_upheld else ("rejected", "posted")
    assert (row["hold_state"], row["dispute"]["state"], row["dispute"]["decision"]) == (settled, state, "Two letters.")
    with pytest.raises(errors.NotFrozen):
        answers.decide(uid=dispute.uid, staff=moderator, is_upheld=True, decision="Again.")
    assert_books_balance()
    both = {chat.fan.user.uid, chat.creator.user.uid}
    by_type = {
        kind: {user for user, frame in frames if frame["type"] == kind} for kind in ("hold.frozen", "hold.settled")
    }
    assert by_type == {"hold.frozen": both, "hold.settled": both}
    assert {frame["state"] for _, frame in frames if frame["type"] == "hold.settled"} == {settled}
    balances = [(user, frame["balance_centi"]) for user, frame in frames if frame["type"] == "balance"]
    assert balances == ([(chat.fan.user.uid, 100_000)] if is_upheld else [])


def test_the_dispute_may_name_the_reply_and_covers_all_that_it_was_paid_for(chat):
    chat.send()
    reply = chat.reply()
    dispute = chat.dispute(reply)
    assert (dispute.message_ns, dispute.amount_centi) == ([1, 2], 10_000)
    assert chat.states() == ["frozen"] * 2


def test_saying_so_again_gives_what_is_there_and_freezes_nothing(chat):
    chat.reply()
    first = chat.dispute()
    assert chat.dispute(reason="other") == first
    answers.decide(uid=first.uid, staff=make_staff("moderator"), is_upheld=False, decision="It was one.")
    assert chat.dispute().state == "rejected"
    assert chat.money() == (95_000, 0, 4_000)
    assert AnswerDispute.objects.count() == 1


def test_what_is_unanswered_too_late_or_gone_back_is_refused_with_its_reason(chat):
    with pytest.raises(errors.NotAnswered):
        chat.dispute()
    chat.reply()
    with pytest.raises(errors.DisputeTooLate):
        chat.dispute(at=timezone.now() + 25 * HOUR)
    chat.give_back()
    with pytest.raises(errors.HoldReturned):
        chat.dispute()
    free = chat.reply("This one cost nothing and answers nothing")
    with pytest.raises(NotFound):
        chat.dispute(free)
    assert AnswerDispute.objects.count() == 0
    assert_books_balance()


def test_what_nobody_decided_in_time_goes_to_the_fan(chat):
    chat.reply()
    dispute = chat.dispute()
    assert answers.return_undecided(at=dispute.decide_by - timedelta(seconds=1)) == 0
    assert answers.return_undecided(at=dispute.decide_by) == 1
    assert answers.return_undecided(at=dispute.decide_by) == 0
    dispute.refresh_from_db()
    assert (dispute.state, dispute.decided_by) == ("undecided", None)
    assert [hold.reason for hold in chat.holds()] == ["undecided"]
    assert chat.money() == (100_000, 0, 0)
    assert ledger.get_answer_record(payee_id=chat.creator.user.pk, n_replies=20).n_upheld == 0  # nobody found so


def test_nobody_decides_their_own_case(chat):
    chat.reply()
    dispute = chat.dispute()
    for party in (chat.fan.user, chat.creator.user):
        with pytest.raises(OwnDispute):
            answers.decide(uid=dispute.uid, staff=party, is_upheld=True, decision="Mine.")
        now = timezone.now()
        with pytest.raises(IntegrityError), transaction.atomic():
            AnswerDispute.objects.filter(pk=dispute.pk).update(state="upheld", decided_by=party, decided_at=now)
    assert chat.money() == (95_000, 5_000, 0)


# -- given back, unreadable
@pytest.mark.parametrize("when", ["open", "answered", "disputed"])
def test_the_creator_gives_back_and_the_fan_hears_of_it_once(chat, frames, when):
    if when != "open":
        chat.reply()
    if when == "disputed":
        dispute = chat.dispute()
    assert chat.row(chat.creator)["give_back_until"] is not None
    assert chat.row(chat.fan)["give_back_until"] is None
    frames.clear()
    for _ in range(2):
        assert chat.give_back().amount_centi == 5_000
    assert chat.money() == (100_000, 0, 0)
    assert chat.row(chat.fan)["hold_reason"] == "given_back"
    assert [frame["type"] for _, frame in frames] == ["hold.refunded", "hold.refunded", "balance"]
    assert frames[-1] == (chat.fan.user.uid, events.balance(balance_centi=100_000))
    assert [row["why"] for row in told(chat.fan.user, "hold_refunded")] == ["given_back"]
    if when == "disputed":
        dispute.refresh_from_db()
        assert dispute.state == "conceded"
    assert_books_balance()


def test_a_dispute_ends_with_the_last_of_what_the_creator_gave_back(chat):
    second = chat.send()
    chat.reply()
    dispute = chat.dispute()
    chat.give_back()
    dispute.refresh_from_db()
    assert dispute.state == "open"
    chat.give_back(second)
    dispute.refresh_from_db()
    assert dispute.state == "conceded"


def test_an_unreadable_message_is_returned_at_once_and_its_sender_is_told(chat, frames):
    def say():
        return answers.say_unreadable(
            user=chat.creator.user, conversation_uid=chat.letters.uid, message_id=chat.message
        ).amount_centi

    assert [say(), say()] == [5_000, 5_000]  # the same call again says the same and moves nothing
    assert chat.money() == (100_000, 0, 0)
    senders = [user for user, frame in frames if frame["type"] == "message.unreadable"]
    assert senders == [chat.fan.user.uid] * 2
    assert [frame["type"] for _, frame in frames].count("hold.refunded") == 2  # once to each
    assert [row["why"] for row in told(chat.fan.user, "hold_refunded")] == ["unreadable"]
    free = chat.reply("Free of charge")
    found = answers.say_unreadable(user=chat.fan.user, conversation_uid=chat.letters.uid, message_id=free)
    assert found.amount_centi == 0
    assert frames[-1] == (
        chat.creator.user.uid, {"type": "message.unreadable", "conversation": str(chat.letters.uid), "n": 2},
    )  # fmt: skip
    assert_books_balance()


def test_what_was_answered_is_not_returned_as_unreadable(chat):
    chat.reply()
    how = {"user": chat.creator.user, "conversation_uid": chat.letters.uid, "message_id": chat.message}
    assert answers.say_unreadable(**how).amount_centi == 0
    assert chat.money() == (95_000, 0, 4_000)


# -- endpoints
def test_the_endpoints_do_what_the_services_do(chat):
    fan, creator = sign_in_api(chat.fan.user), sign_in_api(chat.creator.user)
    place = {"conversation": str(chat.letters.uid)}
    chat.reply()
    said = {**place, "reason": "off_topic", "words": "About a car."}
    answer = fan(chat.message, "not-an-answer", said)
    assert (answer.status_code, answer.json()["state"], answer.json()["decision"]) == (201, "open", "")
    assert fan(chat.message, "not-an-answer", said).status_code == 200
    assert creator(chat.message, "refund", place).json() == {"amount_centi": 5_000}
    again = chat.send()
    assert creator(again, "unreadable", place).json() == {"amount_centi": 5_000}
    refused = creator(again, "refund", place)
    assert (refused.status_code, refused.json()["code"]) == (409, "hold_returned")
    wrong = fan(chat.message, "not-an-answer", {**place, "reason": "boring"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/reason")


def test_strangers_and_the_wrong_side_get_nothing_and_change_nothing(chat):
    reply = chat.reply()
    before = (chat.money(), chat.states())
    stranger, fan, creator = (sign_in_api(u) for u in (make_user("creator"), chat.fan.user, chat.creator.user))
    body = {"conversation": str(chat.letters.uid), "reason": "empty"}
    for message in (chat.message, reply):
        for verb in ("not-an-answer", "refund", "unreadable"):
            assert stranger(message, verb, body).status_code == 404
    assert fan(chat.message, "refund", body).status_code == 404
    assert fan(chat.message, "unreadable", body).status_code == 404
    assert creator(reply, "refund", body).status_code == 404
    assert creator(reply, "not-an-answer", body).status_code == 404
    assert creator(chat.message, "not-an-answer", body).status_code == 404
    assert fan(uuid.uuid4(), "not-an-answer", body).status_code == 404
    assert (chat.money(), chat.states()) == before
    assert (AnswerDispute.objects.count(), Notification.objects.count()) == (0, 0)


def sign_in_api(user):
    browser = sign_in_as(user, factor=None)
    browser.handler.enforce_csrf_checks = False

    def post(message, verb, body):
        return browser.post(f"/api/v1/messages/{message}/{verb}", body, content_type="application/json")

    return post


def test_a_page_of_history_with_disputes_costs_the_same_queries_for_n_and_2n(chat, django_assert_num_queries):
    peer = chat.creator.user.uid
    for n in (1, 2):
        chat.reply()
        chat.dispute()
        with django_assert_num_queries(6):  # peer, conversation, messages, holds, disputes, who shows what was read
            assert len(selectors.list_history(user=chat.fan.user, peer_uid=peer).rows) == 2 * n
        chat.message = chat.send()


# -- people are told
def test_both_hear_of_a_dispute_and_of_its_end(chat):
    chat.reply()
    dispute = chat.dispute()
    about = {"conversation": str(chat.letters.uid), "amount_centi": 5_000}
    assert told(chat.creator.user, "answer_disputed") == [about]
    assert told(chat.fan.user, "answer_disputed") == []
    answers.decide(uid=dispute.uid, staff=make_staff("moderator"), is_upheld=True, decision="No answer.")
    assert told(chat.fan.user, "answer_decided") == [about | {"state": "upheld", "is_mine": True}]
    assert told(chat.creator.user, "answer_decided") == [about | {"state": "upheld"}]


def test_a_copy_of_ones_data_has_ones_own_words_only_and_an_erasure_takes_them(chat):
    chat.reply()
    chat.dispute()
    for friend, words in ((chat.fan, "Two letters, nothing about the song."), (chat.creator, "")):
        out = Copy()
        privacy.export(user=friend.user, out=out)
        assert [row["own_words"] for row in out.parts["messages/disputes-about-answers"]] == [words]
    privacy.erase(user=chat.fan.user)
    assert AnswerDispute.objects.get().words == ""


class Copy:
    def __init__(self):
        self.parts = {}

    def rows(self, name, rows):
        self.parts[name] = list(rows)

    def document(self, name, document):
        self.parts[name] = document


# -- abuse
def test_a_fan_has_so_many_disputes_open_at_a_time(chat, settings):
    settings.DISPUTE_OPEN_MAX = 1
    chat.reply()
    first = chat.dispute()
    second = chat.send()
    chat.reply()
    with pytest.raises(TooManyDisputes):
        chat.dispute(second)
    assert chat.states().count("frozen") == 1
    answers.decide(uid=first.uid, staff=make_staff("moderator"), is_upheld=False, decision="It was one.")
    assert chat.dispute(second).state == "open"


def test_a_fan_who_is_often_wrong_loses_the_right_for_a_while(chat, settings):
    settings.DISPUTE_FAN_REJECTED_MIN = 2
    moderator = make_staff("moderator")
    for _ in range(2):
        chat.reply()
        answers.decide(uid=chat.dispute().uid, staff=moderator, is_upheld=False, decision="It was one.")
        chat.message = chat.send()
    chat.reply()
    with pytest.raises(DisputeRightLost) as refused:
        chat.dispute()
    until = answer_selectors.find_pause(user=chat.fan.user, at=timezone.now())
    assert until is not None
    assert refused.value.extra == {"until": until.isoformat()}
    assert until - timezone.now() > 89 * DAY
    assert answer_selectors.find_pause(user=chat.fan.user, at=until) is None


def test_a_creator_who_often_gives_no_answer_is_paid_a_day_later(chat, settings, monkeypatch):
    settings.DELAY_UPHELD_MIN = 1
    chat.reply()
    answers.decide(uid=chat.dispute().uid, staff=make_staff("moderator"), is_upheld=True, decision="No answer.")
    assert told(chat.creator.user, "answer_decided")[0]["delayed_until"]
    chat.message = chat.send()
    pushed = []
    monkeypatch.setattr("messaging.services.delivery.push_all", lambda *, pushes, note: pushed.extend(pushes))
    sent = chat.letters.write(chat.creator, "I listened twice: the bridge is the best part.")
    n = chat.row(chat.fan, 3)["srv"]["n"]
    settled = [frame for _, frame in pushed if frame["type"].startswith("hold.")]
    assert settled == [{"type": "hold.settled", "conversation": str(chat.letters.uid), "n": n, "state": "answered"}] * 2
    assert (sent.n_released, sent.earned_centi) == (1, 0)
    row = chat.row(chat.fan, 3)
    assert row["hold_state"] == "answered"
    assert row["dispute_until"] == row["hold_until"]
    assert chat.money() == (95_000, 5_000, 0)
    later = timezone.now() + 25 * HOUR
    assert deadlines.void_overdue_holds(at=timezone.now() + 5 * DAY) == 0
    assert answers.pay_answered(at=later) == 1
    assert chat.money() == (95_000, 0, 4_000)
    with pytest.raises(errors.DisputeTooLate):
        chat.dispute(at=later)
    assert_books_balance()


def test_a_creator_with_many_answers_is_not_paid_late_for_a_few(chat, settings):
    settings.DELAY_UPHELD_MIN, settings.DELAY_UPHELD_PERCENT = 1, 34
    for _ in range(2):
        chat.reply("A long and thoughtful answer")
        chat.message = chat.send()
    chat.reply()
    answers.decide(uid=chat.dispute().uid, staff=make_staff("moderator"), is_upheld=True, decision="No answer.")
    assert ledger.get_answer_record(payee_id=chat.creator.user.pk, n_replies=20).delayed_until is None


def test_a_reply_deleted_before_the_dispute_has_no_size(chat):
    reply = chat.reply()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_message SET ct = NULL, boxes = NULL WHERE id = %s", [reply])
    dispute = chat.dispute()
    assert (dispute.reply_n, dispute.reply_bytes) == (2, None)
