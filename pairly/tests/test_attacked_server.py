"""A server that lies to the browser: the person is told, sees nothing of it, and nothing is sent."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from messaging.client.identity import Identity, SigningKey
from messaging.client.safety_number import safety_number
from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.keys import ALG_ED25519, key_id
from messaging.protocol.statements import log_hash
from pairly.common.clock import now_ms
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend

from .lying_server import Lies, Rows, chained, flipped, forged, public, statements
from .test_chat_page import READY, Desk

TEXTS = ("May I ask?", "The first answer", "The second answer", "Thank you")
CANARY = "words that somebody else put here"
DAY_MS = 24 * 3600 * 1000
ALARM = "pairly-conversation[data-alarm]"


class Scene:
    """The fan's browser, a creator whom nobody has met, what the page sends."""

    def __init__(self, desk: Desk, sent: list[str]) -> None:
        self.desk, self.page, self.sent = desk, desk.page, sent
        self.socket: Any = None
        creator = PenFriend("creator", name="Cleo")
        self.letters = Letters(fan=desk.friend, creator=creator)
        for writer, text in zip((desk.friend, creator, creator, desk.friend), TEXTS, strict=True):
            self.letters.write(writer, text)
        self.lies = Lies(self.page, self.letters)
        self.creator = creator

    def visit(self) -> None:
        """Without a lie: what the page sees it remembers."""
        self.desk.open(self.letters)
        assert self.desk.texts() == list(TEXTS)

    def open(self) -> None:
        self.page.goto(self.letters.path)

    def write_anyway(self) -> None:
        """Past everything that the page disables."""
        self.page.evaluate(
            """() => {
              const form = document.querySelector('[data-part=composer]');
              for (const part of form.querySelectorAll('[disabled]')) part.disabled = false;
              form.querySelector('textarea').value = 'a secret for nobody else';
              form.requestSubmit();
            }"""
        )


@pytest.fixture(scope="module")
def desk(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacked")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        yield Desk(chromium, server.url, PenFriend("fan", name="Robin Fan"))


@pytest.fixture
def scene(desk):
    """Its socket goes through the test, which reads what is sent and can say what the server did not."""
    sent: list[str] = []
    page = desk.page
    made = Scene(desk, sent)

    def connect(socket):
        server = socket.connect_to_server()
        made.socket = socket

        def pass_on(message):
            if json.loads(message)["type"] == "message.send":
                sent.append(message)
            server.send(message)

        socket.on_message(pass_on)

    page.route_web_socket("**/api/v1/messages/ws", connect)
    page.on(
        "request", lambda r: sent.append(r.url) if (r.method, r.url[-16:]) == ("POST", "/api/v1/messages") else None
    )
    yield made
    made.lies.stop()


def test_a_server_that_does_not_lie_is_believed(scene):
    """The control of all that follows: the same page, the same hands between it and the server."""
    scene.visit()
    scene.lies.history(lambda rows: chained(rows, scene.letters))
    scene.lies.log(lambda entries: entries)
    scene.visit()
    assert scene.page.locator(".bubble-why").count() == 0
    scene.desk.send("And one more")
    scene.page.locator(".bubble[data-status=sent]", has_text="And one more").wait_for()
    assert len(scene.sent) == 1


# -- lies that stop the conversation --------------------------------------------------------------------------
@dataclass(frozen=True)
class Attack:
    name: str
    alarm: str
    lie: Callable[[Scene], None]
    is_known: bool


def history(change: Callable[[Rows, Letters], Rows]) -> Callable[[Scene], None]:
    return lambda scene: scene.lies.history(lambda rows: change(rows, scene.letters))


def log(change: Callable[[list[dict[str, str]], Identity], list[dict[str, str]]]) -> Callable[[Scene], None]:
    return lambda scene: scene.lies.log(lambda entries: change(entries, copy.deepcopy(scene.creator.identity)))


def replayed(rows: Rows, letters: Letters) -> Rows:
    return chained([*rows, copy.deepcopy(rows[1])], letters)


def other_world(rows: Rows, letters: Letters) -> Rows:
    """The creator has seen, and signed, another past than this one."""
    device = letters.creator.identity.device
    return forged(rows, letters, text=CANARY, device=device, seq=3, seen_head=bytes(32))


def bad_receipt(rows: Rows, letters: Letters) -> Rows:
    rows[1]["srv"]["receipt"] = flipped(rows[1]["srv"]["receipt"])
    return rows


def other_receipt_key(scene: Scene) -> None:
    key = b64u_encode(SigningKey(bytes(31) + b"\x07").public)
    scene.lies.about("keys/server", lambda said: {"keys": [{**said["keys"][0], "public": key}]})


def exchanged(entries: list[dict[str, str]], identity: Identity) -> list[dict[str, str]]:
    return statements(Identity.create(user=identity.user))


def split(entries: list[dict[str, str]], identity: Identity) -> list[dict[str, str]]:
    """Another third entry, signed by the creator's own key."""
    last = entries[1]
    identity.log_seq = 2
    identity.log_hash = log_hash(statement=b64u_decode(last["statement"]), sig=b64u_decode(last["sig"]))
    return [*entries[:2], public(identity.rotate(now_ms=now_ms()))]


def unsigned(entries: list[dict[str, str]], identity: Identity) -> list[dict[str, str]]:
    """A key of the server's own, under the creator's name, with a signature that is not theirs."""
    entry = public(identity.rotate(now_ms=now_ms()))
    return [*entries, {**entry, "sig": flipped(entry["sig"], 0)}]


def weak(entries: list[dict[str, str]], identity: Identity) -> list[dict[str, str]]:
    point = bytes.fromhex("01" + "00" * 31)
    entry = identity._state(2, ALG_ED25519, key_id(alg=ALG_ED25519, public=point), point, now_ms(), "")
    return [*entries, public(entry)]


def old_backup(scene: Scene) -> None:
    scene.lies.about("keys/backup", lambda file: {**file, "version": file["version"] - 1})


def without_the_second(rows: Rows, letters: Letters) -> Rows:
    return [rows[0], *rows[2:]]


def crossed(rows: Rows, letters: Letters) -> Rows:
    one, other = rows[1], rows[2]
    changed = [{**one, "envelope": other["envelope"]}, {**other, "envelope": one["envelope"]}]
    return [rows[0], *changed, rows[3]]


def later(rows: Rows, letters: Letters) -> Rows:
    rows[3]["srv"]["recv_ms"] += 1
    return rows


def anew(change: Callable[[Rows, Letters], Rows]) -> Callable[[Scene], None]:
    """Chained again, with receipts: only what people signed, or this device remembers, can betray it."""
    return history(lambda rows, letters: chained(change(rows, letters), letters))


# The last column: whether this device must have seen the truth before to know better.
ATTACKS = [
    Attack("truncates the history", "history_rollback", history(lambda rows, letters: rows[:-1]), True),
    Attack("writes the past anew", "history_fork", anew(later), True),
    Attack("exchanges its receipt key", "server_key_changed", other_receipt_key, False),
    Attack("drops from the middle", "chain_mismatch", history(without_the_second), False),
    Attack("drops and chains anew", "seen_head", anew(without_the_second), False),
    Attack("reorders two", "chain_mismatch", history(crossed), False),
    Attack("reorders and chains anew", "seen_head", anew(crossed), False),
    Attack("replays a message", "duplicate_msg_id", history(replayed), False),
    Attack("shows the two of them two worlds", "seen_head", history(other_world), False),
    Attack("forges a receipt", "receipt_invalid", history(bad_receipt), False),
    Attack("exchanges the peer's keys", "identity_changed", log(exchanged), True),
    Attack("forks the peer's log", "log_fork", log(split), True),
    Attack("rolls the peer's log back", "log_rollback", log(lambda entries, identity: entries[:2]), True),
    Attack("hides the peer's keys", "log_rollback", log(lambda entries, identity: []), True),
    Attack("adds a key that nobody signed", "sig_invalid", log(unsigned), False),
    Attack("adds a weak key", "weak_key", log(weak), False),
    Attack("serves an old backup", "backup_rollback", old_backup, False),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_server_that(attack, scene):
    if attack.is_known:
        scene.visit()
    attack.lie(scene)
    scene.open()
    assert_stopped(scene, attack.alarm, shown=[])


def assert_stopped(scene: Scene, alarm: str, *, shown: list[str]) -> None:
    """The person reads what is wrong and what to do, sees nothing of it, and cannot send."""
    page = scene.page
    page.wait_for_selector(ALARM)
    assert page.get_attribute(ALARM, "data-alarm") == alarm
    assert page.locator("[data-part=trust-title]").inner_text() == "This conversation is stopped"
    assert "cannot be true" not in page.locator("[data-part=trust-text]").inner_text()  # it says what
    assert scene.desk.texts() == shown
    assert not page.is_visible("[data-part=composer]")
    assert CANARY not in page.content()
    scene.write_anyway()
    assert scene.sent == []


# -- lies about one message --------------------------------------------------------------------------------------
def swap_texts(rows: Rows, scene: Scene) -> Rows:
    first, second = rows[1]["envelope"], rows[2]["envelope"]
    first["ct"], second["ct"] = second["ct"], first["ct"]
    return rows


def alter_a_box(rows: Rows, scene: Scene) -> Rows:
    rows[0]["envelope"]["boxes"][0] = flipped(rows[0]["envelope"]["boxes"][0])
    return rows


def alter_a_signature(rows: Rows, scene: Scene) -> Rows:
    rows[3]["envelope"]["sig"] = flipped(rows[3]["envelope"]["sig"], 0)
    return chained(rows, scene.letters)


def by_a_stranger(rows: Rows, scene: Scene) -> Rows:
    return forged(rows, scene.letters, text=CANARY, device=SigningKey(bytes(31) + b"\x09"))


def by_a_revoked_device(rows: Rows, scene: Scene) -> Rows:
    return forged(rows, scene.letters, text=CANARY, device=LOST)


def erase(rows: Rows, scene: Scene) -> Rows:
    rows[1]["envelope"].update(ct="", boxes=[])
    return rows


LOST = SigningKey(bytes(31) + b"\x0b")


def with_a_lost_device(identity: Identity) -> list[dict[str, str]]:
    """A second device of the creator's, lost and removed an hour ago."""
    added = identity._state(2, ALG_ED25519, LOST.kid, LOST.public, now_ms() - DAY_MS, "")
    removed = identity.revoke_device(kid=LOST.kid, now_ms=now_ms() - DAY_MS // 24)
    return [public(added), public(removed)]


# What is done to the history, and the reason below each message then: none where it is shown.
ALTERED = {
    "two texts change places": (swap_texts, ["", "ct_hash", "ct_hash", ""]),
    "a box is altered": (alter_a_box, ["box_hash", "", "", ""]),
    "a signature is altered": (alter_a_signature, ["", "", "", "sig_invalid"]),
    "a stranger writes in their name": (by_a_stranger, ["", "", "", "", "sig_key_unknown"]),
    "a removed device writes": (by_a_revoked_device, ["", "", "", "", "sig_key_revoked"]),
    "words are erased in silence": (erase, ["", "erased_by_server", "", ""]),
}


def test_a_message_that_cannot_be_verified_is_not_shown_and_says_why(scene):
    page = scene.page
    removed = with_a_lost_device(copy.deepcopy(scene.creator.identity))
    scene.lies.log(lambda entries: [*entries, *removed])
    for name, (change, reasons) in ALTERED.items():
        scene.lies.history(lambda rows, change=change: change(rows, scene))
        forget(page)  # each lie is a world of its own
        scene.desk.open(scene.letters)
        found = [row.get_attribute("data-code") for row in page.locator(".bubble-why").all()]
        assert found == [reason for reason in reasons if reason], name
        for i, reason in enumerate(reasons):
            text = scene.desk.texts()[i]
            assert (text == (*TEXTS, CANARY)[i]) is (reason == ""), name
        assert CANARY not in page.content(), name
    words = page.locator(".bubble.is-unverified .bubble-text").inner_text()
    assert words == "Removed by Pairly, not deleted by its sender."
    page.locator(".bubble-why summary").click()
    assert "signed no deletion" in page.locator(".bubble-why p").inner_text()
    assert page.locator(".chat-note").all_inner_texts() == []  # before the first message: no line


def forget(page: Any) -> None:
    """As a device that has seen nothing yet."""
    page.goto("/inbox/")  # no script of that page holds the database open
    page.evaluate(
        """() => new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase('pairly-trust');
          request.onsuccess = () => resolve();
          request.onblocked = request.onerror = () => reject(new Error('not deleted'));
        })"""
    )


# -- lies while somebody looks -----------------------------------------------------------------------------------
def push(scene: Scene, **frame: Any) -> None:
    scene.socket.send(json.dumps({"conversation": str(scene.letters.uid), **frame}))


def rows_of(scene: Scene) -> Rows:
    got = scene.page.request.get(f"/api/v1/messages/history/{scene.creator.user.uid}")
    rows: Rows = got.json()["results"]
    return rows


def test_a_pushed_replay_stops_the_open_conversation(scene):
    scene.visit()
    row = replayed(rows_of(scene), scene.letters)[-1]
    push(scene, type="message", envelope=row["envelope"], srv=row["srv"])
    assert_stopped(scene, "duplicate_msg_id", shown=list(TEXTS))


def test_a_pushed_message_in_the_place_of_another_stops_the_open_conversation(scene):
    scene.visit()
    row = forged(rows_of(scene)[:3], scene.letters, text=CANARY, device=scene.creator.identity.device, seq=3)[-1]
    push(scene, type="message", envelope=row["envelope"], srv=row["srv"])
    assert_stopped(scene, "history_fork", shown=list(TEXTS))


def test_exchanged_keys_are_refused_while_the_conversation_is_open(scene):
    scene.visit()
    scene.lies.log(lambda entries: exchanged(entries, scene.creator.identity))
    push(scene, type="key.changed", user_id=str(scene.creator.user.uid))
    assert_stopped(scene, "identity_changed", shown=list(TEXTS))


def test_keys_of_more_than_400_days_are_not_sealed_to(scene):
    old = copy.deepcopy(scene.creator.identity)
    old.log_seq, old.log_hash = 0, bytes(32)
    entries = [public(entry) for entry in old.first_statements(now_ms=now_ms() - 401 * DAY_MS)]
    scene.lies.log(lambda _: entries)
    scene.open()
    scene.page.locator("[data-part=notice-text]", has_text="more than a year").wait_for()
    scene.write_anyway()
    scene.page.locator(".bubble.is-failed", has_text="a secret").wait_for()
    assert scene.sent == []


# -- an identity that begins anew ------------------------------------------------------------------------------
def test_a_new_identity_pauses_sending_until_it_is_accepted(scene):
    page = scene.page
    scene.visit()
    anew = Identity.create(user=scene.creator.user.uid.bytes)
    second = statements(anew)
    scene.lies.logs(lambda entries: [entries, second])
    scene.lies.history(lambda rows: forged(rows, scene.letters, text=CANARY, device=anew.device))
    push(scene, type="key.changed", user_id=str(scene.creator.user.uid))
    page.locator("[data-part=trust-title]", has_text="Cleo has a new identity").wait_for()
    page.wait_for_selector("[data-part=trust-numbers][aria-busy=false]")
    before, now = page.locator(".trust-numbers dd").all_inner_texts()
    assert len(before.split()) == len(now.split()) == 12
    assert before != now
    assert page.locator(".chat-note").inner_text().startswith("The identity of Cleo changed")
    scene.write_anyway()
    page.locator(".bubble.is-failed", has_text="a secret").wait_for()
    page.click(".bubble.is-failed [data-part=edit]", force=True)

    scene.open()  # it is asked again
    page.locator("[data-part=trust-title]", has_text="Cleo has a new identity").wait_for()
    assert scene.desk.texts() == [*TEXTS, "A message with the new identity. It is shown once you accept that."]
    assert CANARY not in page.content()
    assert scene.sent == []
    page.wait_for_selector("[data-part=trust-numbers][aria-busy=false]")
    assert page.locator(".trust-numbers dd").all_inner_texts() == [before, now]
    page.click("[data-part=trust-accept]")
    scene.desk.see(CANARY)
    page.wait_for_selector(READY)
    assert page.locator(".bubble-why").count() == 0  # what the old identity signed is verified as before
    assert page.locator(".chat-note").count() == 1

    scene.lies.stop()
    scene.open()  # back to the old identity: whoever has seen the new one knows better
    assert_stopped(scene, "log_rollback", shown=[])


def test_a_compared_safety_number_is_shown_until_the_identity_changes(scene):
    page, letters = scene.page, scene.letters
    people = [(one.identity.identity.public, one.user.uid.bytes) for one in (letters.fan, letters.creator)]
    number = safety_number(people=people)
    scene.visit()
    assert not page.is_visible("[data-part=verified]")
    page.click(".chat-head a[href$='/safety/']")
    page.wait_for_selector("pairly-safety[data-ready]")
    assert "".join(page.locator(".safety-number span").all_inner_texts()) == number
    assert page.locator("[data-part=qr] svg path").get_attribute("d").startswith("M4 4h1v1h-1z")
    for typed, result in (
        ("12345", "not_a_number"),
        (number[::-1], "different"),
        (f" {number[:30]}\n{number[30:]}", "same"),
    ):
        page.fill("[data-part=theirs]", typed)
        page.click("[data-part=compare] button")
        page.wait_for_selector(f"[data-part=result][data-result={result}]")
    page.click("[data-part=verify]")
    page.wait_for_selector(".safety-state.is-verified")
    scene.open()
    page.wait_for_selector("[data-part=verified]")

    second = statements(Identity.create(user=scene.creator.user.uid.bytes))
    scene.lies.logs(lambda entries: [entries, second])
    scene.open()
    page.locator("[data-part=trust-title]", has_text="Cleo has a new identity").wait_for()
    assert not page.is_visible("[data-part=verified]")
    page.click("[data-part=trust-compare]")
    page.wait_for_selector("[data-part=new]")
    assert "".join(page.locator(".safety-number span").all_inner_texts()) != number
    assert not page.locator(".safety-state.is-verified").count()
    assert scene.desk.errors == []
