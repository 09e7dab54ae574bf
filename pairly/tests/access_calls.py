"""One call of the access matrix: inside a transaction that is taken back, with the whole database before and after."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from pairly.common import redis as common_redis
from users.models import User

from .access_setups import Scene
from .access_table import Access, Route
from .access_world import Persona, World
from .header_rules import faults_of

# The application may neither read nor write it: a place for differences that `check_ledger` plants as the owner role.
UNREADABLE = {"credits_planted"}
Row = tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    """What a call came to. `changed` are the rows that are there only before or only after it, `added` the latter."""

    status: int
    text: str
    location: str
    code: str
    changed: list[Row]
    added: list[Row]

    @property
    def tables(self) -> set[str]:
        return {table for table, _row in self.changed}

    def __str__(self) -> str:
        rows = "\n".join(f"  {table} {row[:300]}" for table, row in self.changed[:8])
        return f"{self.status} {self.code} {self.location} {self.text[:300]!r}\n{rows}"


class Database:
    """All rows of all tables, as the application sees them."""

    def __init__(self) -> None:
        query = (
            "SELECT relname, has_table_privilege(oid, 'SELECT'), has_table_privilege(oid, 'INSERT, UPDATE, DELETE') "
            "FROM pg_class "
            "WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"
        )
        with connection.cursor() as cursor:
            cursor.execute(query)
            found = cursor.fetchall()
        assert {name for name, may_read, _ in found if not may_read} == UNREADABLE
        assert not [name for name, may_read, may_write in found if may_write and not may_read]
        tables = sorted(name for name, may_read, _ in found if may_read)
        self.n_tables = len(tables)
        self._query = " UNION ALL ".join(f"SELECT '{name}', to_jsonb(t)::text FROM \"{name}\" t" for name in tables)

    def rows(self) -> Counter[Row]:
        with connection.cursor() as cursor:
            cursor.execute(self._query)
            return Counter(cursor.fetchall())


class Doors:
    """Makes the calls. One test client serves all personas, with their cookies and headers only."""

    def __init__(self, world: World) -> None:
        self.world, self.database = world, Database()
        self._client, self._as_it_was = Client(), None
        self._people_columns = _columns_of_people()

    def path(self, name: str, route: Route) -> str:
        objects = {key: self.world.objects[what] for key, what in route.objects.items()}
        return reverse(name, kwargs=objects)

    def call(
        self, path: str, method: str, access: Access, actor: Persona, *, more: dict[str, Any] | None = None
    ) -> Outcome:
        """Make the call and take it back. `more`: members of the body beside those that belong there."""
        client = self._dressed(actor, path)
        save = transaction.savepoint()
        try:
            body = access.body(Scene(self.world, actor, client, path)) if callable(access.body) else access.body
            common_redis.get_client().flushdb()
            before = self.database.rows() if callable(access.body) else self._base()
            headers = {**self._headers, **(access.headers(body) if access.headers else {})}
            answer = _send(client, method, path + access.query, _with(body, more), headers)
            after = self.database.rows()
            faults = faults_of(answer, path=path, is_private=actor.user is not None)
            assert not faults, (method, path, actor.name, faults)
            return _outcome(answer, list(before - after), list(after - before))
        finally:
            transaction.savepoint_rollback(save)

    def forget(self) -> None:
        """What the database holds between two calls is another now."""
        self._as_it_was = None

    def _base(self) -> Counter[Row]:
        self._as_it_was = self._as_it_was or self.database.rows()
        return self._as_it_was

    def _dressed(self, actor: Persona, path: str) -> Client:
        self._client.cookies = SimpleCookie()
        is_api = path.startswith("/api/")
        self._headers = actor.headers if is_api else {}
        if not is_api:
            for name, morsel in actor.browser.cookies.items():
                self._client.cookies[name] = morsel.value
        return self._client

    def is_of(self, user: User, row: Row) -> bool:
        """Whether a row is about somebody: by its columns that name people, or by their public id in it."""
        table, text = row
        document = json.loads(text)
        columns = self._people_columns.get(table, ())
        return str(user.uid) in text or any(document.get(column) == user.pk for column in columns)


def _columns_of_people() -> dict[str, list[str]]:
    query = (
        "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c "
        "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) "
        "WHERE c.contype = 'f' AND c.confrelid = 'users_user'::regclass"
    )
    columns: dict[str, list[str]] = {"users_user": ["id"]}
    with connection.cursor() as cursor:
        cursor.execute(query)
        for table, column in cursor.fetchall():
            columns.setdefault(table, []).append(column)
    return columns


def _with(body: Any, more: dict[str, Any] | None) -> Any:
    return {**more, **(body or {})} if more and not isinstance(body, bytes) else body


JSON_PAGES = ("/sign-in/passkey/",)


def _send(client: Client, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    is_json = path.startswith(("/api/", *JSON_PAGES))
    if method in ("GET", "HEAD", "OPTIONS"):
        return getattr(client, method.lower())(path, headers=headers)
    send = getattr(client, method.lower())
    if isinstance(body, dict) and any(isinstance(value, File) for value in body.values()):
        return send(path, body, headers=headers)
    if is_json or method != "POST":
        text = body if isinstance(body, bytes) else json.dumps(body if body is not None else {})
        return send(path, text, content_type="application/json", headers=headers)
    return send(path, body or {}, headers=headers)


def _outcome(answer: Any, removed: list[Row], added: list[Row]) -> Outcome:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = content.decode("utf-8", "replace")
    is_problem = answer.headers.get("Content-Type", "") == "application/problem+json"
    code = json.loads(text)["code"] if is_problem and text else ""
    return Outcome(answer.status_code, text, answer.headers.get("Location", ""), code, [*removed, *added], added)


def sign_in_path() -> str:
    return reverse(settings.LOGIN_URL)
