"""A server that attacks: what it answers on its way to the browser is altered. It owns the real receipt keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from playwright.sync_api import Page, Route

from messaging.client.identity import Identity, SignedStatement, SigningKey
from messaging.client.sealing import seal, text_body
from messaging.protocol.base64url import b64u_decode, b64u_encode
from messaging.protocol.chain import first_head, next_head
from messaging.protocol.labels import sha256
from messaging.receipts import sign_receipt
from messaging.server_keys import current
from pairly.common.clock import now_ms
from pairly.common.ids import uuid7
from pairly.testing.pen_friends import Letters

Rows = list[dict[str, Any]]
Alter = Callable[[Any], Any]


class Lies:
    """What the server is made to say on `page`, until `stop`. Each lie alters the JSON of one address."""

    def __init__(self, page: Page, letters: Letters) -> None:
        self._page = page
        self.letters = letters

    def about(self, address: str, alter: Alter) -> None:
        """`address`: a glob under /api/v1/."""

        def answer(route: Route) -> None:
            response = route.fetch()
            route.fulfill(response=response, json=alter(response.json()))

        self._page.route(f"**/api/v1/{address}", answer)

    def history(self, change: Callable[[Rows], Rows]) -> None:
        """The whole history, as short as tests have it, wherever it is asked for; and where it stands."""
        address = f"/api/v1/messages/history/{self.letters.creator.user.uid}"

        @cache
        def altered() -> Rows:
            return change(self._page.request.get(address).json()["results"])

        def answer(route: Route) -> None:
            rows = altered()
            query = route.request.url.partition("?")[2]
            if query.startswith("after_n="):
                rows = [row for row in rows if row["srv"]["n"] > int(query.removeprefix("after_n="))]
            route.fulfill(json={"results": rows, "next": None, "previous": None})

        def opening(document: dict[str, Any]) -> dict[str, Any]:
            last = altered()[-1]["srv"]
            return {**document, "n": last["n"], "head": last["head"]}

        self._page.route("**/api/v1/messages/history/**", answer)
        self.about("messages/conversations", opening)

    def log(self, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
        """The creator's key log; what `change` gives is the whole of it."""
        self.logs(lambda entries: [change(entries)])

    def logs(self, change: Callable[[list[dict[str, str]]], list[list[dict[str, str]]]]) -> None:
        """All key logs of the creator, the current one last."""

        def answer(route: Route) -> None:
            address, _, query = route.request.url.partition("?")
            asked = dict(part.split("=") for part in query.split("&"))
            logs = change(route.fetch(url=f"{address}?after_seq=0").json()["entries"])
            no = int(asked.get("log_no", len(logs)))
            route.fulfill(json={"log_no": no, "entries": logs[no - 1][int(asked["after_seq"]) :]})

        self._page.route(f"**/api/v1/keys/{self.letters.creator.user.uid}/log?*", answer)

    def stop(self) -> None:
        self._page.unroute_all(behavior="ignoreErrors")


# -- what rows are made into ------------------------------------------------------------------------------------
def header(row: dict[str, Any]) -> bytes:
    return b64u_decode(row["envelope"]["hdr"])


def chained(rows: Rows, letters: Letters) -> Rows:
    """Numbers, heads and receipts as the server itself would give them: only what people signed can betray it."""
    key = current()
    users = (letters.fan.user.uid.bytes, letters.creator.user.uid.bytes)
    previous = first_head(conversation=letters.uid.bytes, users=users)
    for n, row in enumerate(rows, 1):
        hdr, recv_ms = header(row), row["srv"]["recv_ms"]
        sig = b64u_decode(row["envelope"]["sig"])
        head = next_head(previous=previous, n=n, recv_ms=recv_ms, hdr_hash=sha256(hdr), sig=sig)
        receipt = sign_receipt(
            seed=key.seed, conversation=letters.uid.bytes, n=n, recv_ms=recv_ms, hdr_hash=sha256(hdr), head=head
        )
        row["srv"] = {
            "n": n, "recv_ms": recv_ms, "prev": b64u_encode(previous), "head": b64u_encode(head),
            "skid": b64u_encode(key.skid), "receipt": b64u_encode(receipt),
        }  # fmt: skip
        previous = head
    return rows


def forged(rows: Rows, letters: Letters, *, text: str, device: SigningKey, **seen: Any) -> Rows:
    """One more message in the creator's name, sealed for the fan, by `device`."""
    envelope = seal(
        device=device,
        body=text_body(text),
        kind=1,
        conversation=letters.uid.bytes,
        message_id=uuid7().bytes,
        sender=letters.creator.user.uid.bytes,
        recipient=letters.fan.user.uid.bytes,
        sent_ms=now_ms(),
        seq=seen.get("seq", 1),
        seen_n=len(rows),
        seen_head=seen.get("seen_head", b64u_decode(rows[-1]["srv"]["head"])),
        price_centi=0,
        recipients=[letters.fan.identity.encryption[-1].public],
    )
    one = {**rows[-1], "envelope": envelope, "srv": {"recv_ms": now_ms()}, "read_at": None}
    return chained([*rows, one], letters)


def flipped(text: str, at: int = -1) -> str:
    raw = bytearray(b64u_decode(text))
    raw[at] ^= 1
    return b64u_encode(bytes(raw))


# -- logs ---------------------------------------------------------------------------------------------------------
def statements(identity: Identity) -> list[dict[str, str]]:
    """A whole new log as the server would hand it out."""
    return [public(entry) for entry in identity.first_statements(now_ms=now_ms())]


def public(entry: SignedStatement) -> dict[str, str]:
    document = entry.as_json()
    del document["label"]
    return document
