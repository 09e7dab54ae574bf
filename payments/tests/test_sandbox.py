from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import httpx
import pytest

from pairly.testing.fixtures import free_port
from payments.sandbox.store import Store
from payments.sandbox.stripe_forms import BadForm, decode
from payments.tests.sandboxes import running_sandbox

KEY = {"Authorization": "Bearer sk_test_sandbox"}


class Receiver:
    """An application that takes webhooks: refuses the first `n_refused`, keeps the others in order."""

    def __init__(self, n_refused: int = 0) -> None:
        self.events: Queue[str] = Queue()
        receiver, left = self, [n_refused]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refused = left[0] > 0
                left[0] -= 1
                if not refused:
                    receiver.events.put(json.loads(body)["type"])
                self.send_response(503 if refused else 200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, n: int) -> list[str]:
        return [self.events.get(timeout=30) for _ in range(n)]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


def create(url: str, payment_id: str = "", *, key: str = "", **changes: str) -> httpx.Response:
    data = {
        "mode": "payment",
        "client_reference_id": payment_id or str(uuid.uuid4()),
        "success_url": "http://127.0.0.1:9/done?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/buy",
        "metadata[package]": "credits-500",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "500",
        "line_items[0][price_data][product_data][name]": "<b>500</b> credits",
        **changes,
    }
    headers = {**KEY, **({"Idempotency-Key": key} if key else {})}
    return httpx.post(f"{url}/v1/checkout/sessions", data=data, headers=headers)


def test_the_form_encoding_of_stripe_is_read():
    text = "a=1&b[c]=2&d[0][x]=3&d[1][x]=4&e[]=5&f[10]=z&f[9]=y"
    assert decode(text) == {
        "a": "1", "b": {"c": "2"}, "d": [{"x": "3"}, {"x": "4"}], "e": ["5"], "f": ["y", "z"],
    }  # fmt: skip
    for bad in ("a=1&a[b]=2", "[x]=1", "a[b=1"):
        with pytest.raises(BadForm):
            decode(bad)


def test_the_hosted_page_has_one_form_under_a_strict_policy_and_paying_twice_pays_once(sandbox):
    session = create(sandbox.url).json()
    page = httpx.get(session["url"])
    assert page.text.count("<form") == 1
    assert "Sandbox" in page.text
    assert "<script" not in page.text
    assert "<b>" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9;" in policy
    action = re.search(r'action="([^"]+)"', page.text)[1]
    for _ in range(2):
        answer = httpx.post(sandbox.url + action)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"http://127.0.0.1:9/done?s={session['id']}"
    found = httpx.get(f"{sandbox.url}/v1/checkout/sessions/{session['id']}", headers=KEY).json()
    assert (found["status"], found["payment_status"], found["url"]) == ("complete", "paid", None)
    intent = httpx.get(f"{sandbox.url}/v1/payment_intents/{found['payment_intent']}", headers=KEY).json()
    assert (intent["amount_received"], intent["status"]) == (500, "succeeded")
    assert "complete" in httpx.get(session["url"] or f"{sandbox.url}/pay/{session['id']}").text


def test_one_idempotency_key_gives_one_session_to_parallel_requests(sandbox):
    payment_id, key = str(uuid.uuid4()), str(uuid.uuid4())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: create(sandbox.url, payment_id, key=key), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    other = create(sandbox.url, payment_id, key=key, cancel_url="http://127.0.0.1:9/other")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "subscription"},
        {"success_url": "javascript:alert(1)"},
        {"success_url": "http://x/\nSet-Cookie: a=b"},
        {"cancel_url": "http://x/; script-src *"},
        {"line_items[0][price_data][unit_amount]": "-5"},
        {"line_items[0][price_data][unit_amount]": "x"},
        {"line_items[0][price_data][currency]": "dollars"},
        {"unknown_parameter": "1"},
    ],
)
def test_bad_parameters_are_refused(sandbox, changes):
    answer = create(sandbox.url, **changes)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_only_test_keys_and_loopback_names_get_in(sandbox):
    path = f"{sandbox.url}/v1/checkout/sessions"
    for headers in ({}, {"Authorization": "Bearer sk_live_x"}, {"Authorization": "Basic x"}):
        assert httpx.get(path, headers=headers).status_code == 401
    assert httpx.get(path, headers={**KEY, "Host": "attacker.example"}).status_code == 403
    assert httpx.post(path, headers=KEY, content=b"x" * 1_000_001).status_code == 413


def test_events_and_pages_of_sessions_can_be_read(sandbox):
    ids = [create(sandbox.url).json()["id"] for _ in range(3)]
    first = httpx.get(f"{sandbox.url}/v1/checkout/sessions?limit=2", headers=KEY).json()
    assert [row["id"] for row in first["data"]] == [ids[2], ids[1]]
    assert first["has_more"]
    rest = httpx.get(f"{sandbox.url}/v1/checkout/sessions?starting_after={ids[1]}&limit=1", headers=KEY).json()
    assert [row["id"] for row in rest["data"]] == [ids[0]]
    payment_id = str(uuid.uuid4())
    create(sandbox.url, payment_id)
    event = json.loads(sandbox.hold(payment_id, "paid")[-1]["body"])
    assert httpx.get(f"{sandbox.url}/v1/events/{event['id']}", headers=KEY).json() == event
    assert httpx.get(f"{sandbox.url}/v1/events/evt_none", headers=KEY).status_code == 404


def test_the_life_of_a_payment_goes_forward_only(sandbox):
    payment_id = str(uuid.uuid4())
    create(sandbox.url, payment_id)
    assert sandbox.control(payment_id, "refunded").status_code == 409
    for word in ("created", "paid", "disputed", "won", "refunded"):
        webhooks = sandbox.hold(payment_id, word)
        assert webhooks
        assert all(json.loads(webhook["body"])["livemode"] is False for webhook in webhooks)
    again = [json.loads(webhook["body"])["id"] for webhook in sandbox.hold(payment_id, "paid")]
    assert again == [json.loads(webhook["body"])["id"] for webhook in sandbox.hold(payment_id, "paid")]
    for word in ("lost", "expired", "refunded", "nonsense"):
        assert sandbox.control(payment_id, word).status_code == 409
    assert sandbox.control(uuid.uuid4(), "paid").status_code == 404
    assert sandbox.control(payment_id, "paid", webhook="maybe").status_code == 422


def test_knobs_duplicate_reorder_drop_and_delay_webhooks(receiver, tmp_path):
    order = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    with running_sandbox(tmp_path, port=free_port(), webhook_url=receiver.url) as sandbox:

        def pay() -> None:
            payment_id = str(uuid.uuid4())
            create(sandbox.url, payment_id)
            assert sandbox.control(payment_id, "paid").json() == {"status": "paid", "webhooks": []}

        pay()
        assert receiver.take(3) == order
        sandbox.turn(duplicate=1, reorder=True)
        pay()
        assert receiver.take(6) == [kind for kind in reversed(order) for _ in range(2)]
        sandbox.turn(drop=True)
        pay()
        assert receiver.events.empty()
        assert sandbox.turn().json()["drop"] is False
        sandbox.turn(delay_s=0.2)
        pay()
        assert receiver.take(3) == order
        assert [sandbox.turn(**bad).status_code for bad in ({"x": 1}, {"drop": 1}, {"duplicate": -1})] == [422] * 3


def test_a_refused_webhook_is_sent_again(tmp_path):
    receiver = Receiver(n_refused=1)
    with running_sandbox(tmp_path, port=free_port(), webhook_url=receiver.url) as sandbox:
        payment_id = str(uuid.uuid4())
        create(sandbox.url, payment_id)
        sandbox.control(payment_id, "paid")
        assert sorted(receiver.take(3)) == sorted(
            ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
        )
    receiver.close()


def test_a_restart_keeps_sessions_answers_and_knobs(tmp_path):
    payment_id, port = str(uuid.uuid4()), free_port()
    with running_sandbox(tmp_path, port=port) as sandbox:
        first = create(sandbox.url, payment_id, key="k1").json()
        sandbox.turn(duplicate=2)
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0
    with running_sandbox(tmp_path, port=port) as sandbox:
        assert create(sandbox.url, payment_id, key="k1").json() == first
        assert httpx.get(f"{sandbox.url}/sandbox/knobs").json()["duplicate"] == 2
        assert sandbox.hold(payment_id, "paid")
        assert httpx.get(first["url"]).status_code == 200


def test_what_a_turn_changes_in_place_is_on_disk_when_it_ends(tmp_path):
    """Only what a turn was given is written anew: found, listed or put."""
    path = tmp_path / "state.json"
    store = Store(path=path)
    with store.changing():
        store.put(item={"id": "a", "object": "thing", "rows": []})
        store.put(item={"id": "b", "object": "thing"})
    with store.changing():
        store.find(kind="thing", item_id="a")["rows"].append(1)
    with store.changing():
        store.list_items(kind="thing", id="b")[0]["n"] = 2
    with suppress(KeyError), store.changing():  # refused half-way: what it had done stays, with the next turn
        store.find(kind="thing", item_id="b")["m"] = 3
        raise KeyError
    with store.reading():
        assert store.find(kind="thing", item_id="a") is not None
    with store.changing():
        store.turn(duplicate=1)
    kept = Store(path=path)
    with kept.reading():
        assert kept.list_items(kind="thing") == [
            {"id": "b", "object": "thing", "n": 2, "m": 3},
            {"id": "a", "object": "thing", "rows": [1]},
        ]
    assert kept.knobs.duplicate == 1
