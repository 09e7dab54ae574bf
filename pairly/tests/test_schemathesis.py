"""Requests made from the API's own description, well-formed and not: nothing breaks, nothing is answered that the
description does not tell of.

Each request is sent as a visitor, as a fan and as staff, and what it did is rolled back: every operation is tried,
also those that end the account or the sign-in. The long form (PAIRLY_PROVE=1) tries more of each.
"""

from __future__ import annotations

import os
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pairly.common import redis as common_redis
from pairly.common.ids import uuid7
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_staff
from payments.models import Payment
from payments.tests.conftest import sandbox, shop  # noqa: F401 - fixtures
from security.types import Client as Visitor
from users import access_tokens
from users.models import Session
from users.services import sessions
from users.types import Method

PROVE = bool(os.environ.get("PAIRLY_PROVE"))
# So many cases at the edges of the description, chosen out of so many, and so many made up at random.
N_COVERAGE, N_LOOKED_AT, N_RANDOM = (10_000, 400, 60) if PROVE else (2, 24, 1)
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

# Answers of 5xx that are no fault of ours, with the reason; each must be a documented problem document.
ALLOWED = {
    ("GET", "/api/v1/health", ""): "there is no worker in this test, and it is asked for at most a second",
}


@dataclass
class World:
    """Who asks, and what of theirs there is: without real ids every answer would be 404."""

    headers: dict[str, dict[str, str]]
    ids: dict[str, str]
    bodies: dict[str, Any]
    seen: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: dict[tuple[str, int, str], str] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Requests share the test's transaction, so the end of one must not close the connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(db: None, shop: object) -> World:  # noqa: F811 - the fixture
    fan = PenFriend("fan", name="Noor", credits_centi=1_000_00)
    creator = PenFriend("creator", name="Ada", price_centi=100_00)
    letters = Letters(fan=fan, creator=creator)
    sent = letters.write(fan, "hello")
    payment = Payment.objects.create(
        user=fan.user, request_id=uuid7(), provider="stripe", package="credits-500", currency="USD",
        amount_minor=500, credits_centi=500_00,
    )  # fmt: skip
    ids = {
        "user_id": str(creator.user.uid),
        "conversation_id": str(letters.uid),
        "payment_id": str(payment.uid),
        "session_id": "",
        "uid": str(uuid.uuid4()),
    }
    headers, family = _signed_in(fan.user)
    ids["session_id"] = str(family)
    staff, _family = _signed_in(make_staff("admin"))
    bodies = {
        "/api/v1/messages": {"conversation": str(letters.uid), "envelope": sent.envelope},
        "/api/v1/messages/conversations": {"user_id": str(creator.user.uid)},
    }
    return World(headers={"visitor": {}, "fan": headers, "staff": staff}, ids=ids, bodies=bodies)


def _signed_in(user: Any) -> tuple[dict[str, str], uuid.UUID]:
    client = Visitor(ip="192.0.2.7", user_agent="test")
    started = sessions.start_session(user=user, kind=Session.Kind.API, client=client, factor=Method.TOTP)
    token = access_tokens.issue(user_id=user.uid, family=started.session.family)
    return {"Authorization": f"Bearer {token}"}, started.session.family


def attempt(world: World, case: Any, *, headers: dict[str, str], known: bool) -> None:
    """Send one request, note what is wrong with the answer, and undo what it did."""
    if known:
        _use_what_there_is(world, case)
    common_redis.get_client().flushdb()  # no limit is reached by many different requests
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # what must be the outermost one may be within it
    with block:
        response = case.call(headers=headers)
        transaction.set_rollback(True)
    name = f"{case.method} {case.operation.path}"
    world.seen[name, response.status_code] += 1
    checks = [check for check in CHECKS if check is not not_a_server_error or not _is_allowed(case, response)]
    try:
        case.validate_response(response, checks=checks)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        what = str(error).partition("Reproduce with")[0]
        world.failures.setdefault((name, response.status_code, what[:60]), f"{what}\n{case.as_curl_command()[:600]}")


def _use_what_there_is(world: World, case: Any) -> None:
    for name in case.path_parameters or {}:
        case.path_parameters[name] = world.ids.get(name, case.path_parameters[name])
    if case.method == "POST" and case.operation.path in world.bodies:
        case.body = world.bodies[case.operation.path]


def _is_allowed(case: Any, response: Any) -> bool:
    if response.status_code < 500:
        return False
    code = response.json().get("code", "")
    return (case.method, case.operation.path, code) in ALLOWED


def list_coverage_cases(schema: Any, operation: Any) -> Iterator[Any]:
    """Cases at the edges of the description; of many, always the same few."""
    found = schema.iter_coverage_cases(
        operation=operation, generation_modes=MODES, generation_config=schema.config.generation
    )
    cases = list(islice(found, N_LOOKED_AT))
    return iter(random.Random(0).sample(cases, min(N_COVERAGE, len(cases))))


def try_at_random(operation: Any, mode: GenerationMode, work: Callable[[Any], None]) -> None:
    """Cases that Hypothesis makes up, the same in every run."""
    limits = hypothesis_settings(
        max_examples=N_RANDOM,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    given(operation.as_strategy(generation_mode=mode))(limits(lambda case: work(case)))()


def run(world: World, schema: Any, headers: dict[str, str], *, is_thorough: bool) -> None:
    for result in schema.get_all_operations():
        operation = result.ok()
        numbers = iter(range(1_000_000))

        def work(case: Any, numbers: Iterator[int] = numbers) -> None:
            attempt(world, case, headers=headers, known=next(numbers) % 2 == 0)

        for case in list_coverage_cases(schema, operation):
            work(case)
        # Whoever is not a fan is mostly refused at the door, and tries less of it.
        for mode in MODES if PROVE or is_thorough else ():
            if mode is GenerationMode.POSITIVE or operation.body or len(list(operation.iter_parameters())):
                try_at_random(operation, mode, work)


def report(world: World) -> None:
    if world.failures:
        lines = [f"{name} answered {status}: {told}" for (name, status, _), told in sorted(world.failures.items())]
        pytest.fail("\n\n".join(lines), pytrace=False)


def get_schema() -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())


@pytest.mark.parametrize("who", ["visitor", "fan", "staff"])
def test_every_answer_is_one_that_the_description_tells_of(world: World, who: str):
    run(world, get_schema(), world.headers[who], is_thorough=who == "fan")
    report(world)
