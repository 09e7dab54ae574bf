"""The request log: an id in every line, one line a request, and nothing of anybody in it."""

from __future__ import annotations

import io
import json
import logging
import re
import uuid

import psycopg
import pytest
import structlog
from celery import current_app
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from redis.exceptions import ConnectionError as RedisConnectionError

from pairly.common import redaction
from pairly.layers import task_log
from pairly.layers.request_log import RequestLogMiddleware
from pairly.testing.people import make_user, sign_in_as

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJlLW9mLWl0"
BASE32 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BASE64 = "q8H2mZr0Xv5LkT1yWcB7nEoUdSf4aGjP9iQ3wRtYxKs="
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture
def lines():
    """What is logged, as the handler of the product writes it."""
    [handler] = [h for h in logging.getLogger().handlers if h.formatter and "Ecs" in type(h.formatter).__name__]
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    handler.setStream(before)


def of_requests(found):
    return [line for line in found if line["event.dataset"] == "pairly.request"]


# -- the line -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_request_is_one_line_of_ecs_without_the_query_the_address_or_the_program(lines):
    fan = make_user(name="Nameless One")
    browser = sign_in_as(fan)
    browser.defaults["REMOTE_ADDR"] = "192.0.2.77"
    answer = browser.get("/wallet/?q=hidden-words", headers={"user-agent": "hidden-program"})
    [line] = of_requests(lines())
    assert line.pop("event.duration") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("@timestamp"))
    request_id = answer.headers["X-Request-ID"]
    assert line == {
        "log.level": "info",
        "log.logger": "pairly.request",
        "message": "GET /wallet/ 200",
        "ecs.version": "8.11.0",
        "service.name": "pairly",
        "service.version": "0.1.0",
        "event.dataset": "pairly.request",
        "event.kind": "event",
        "event.category": "web",
        "event.action": "credits:wallet",
        "event.outcome": "success",
        "http.request.method": "GET",
        "http.request.id": request_id,
        "trace.id": request_id.replace("-", ""),
        "http.response.status_code": 200,
        "http.response.body.bytes": len(answer.content),
        "url.path": "/wallet/",
        "user.id": str(fan.uid),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/api/v1/profiles/0190a1b2-0000-7000-8000-000000000000", "/api/v1/profiles/<uuid:user_id>"),
        ("/no/such/secret-code-123", "unmatched"),
        ("/media/private-name.webp", None),
        ("/static/app/nothing.css", None),
    ],
)
def test_the_path_is_the_pattern_and_never_what_was_asked_for(lines, path, pattern):
    Client().get(path)
    assert [line["url.path"] for line in of_requests(lines())] == ([pattern] if pattern else [])
    assert path.rsplit("/", 1)[1] not in json.dumps(lines())


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health", "/api/v1/health", "/metrics"])
def test_what_machines_ask_every_few_seconds_is_no_line(lines, path):
    Client().get(path)
    assert of_requests(lines()) == []


@pytest.mark.django_db
def test_a_method_of_the_clients_own_making_is_not_repeated(lines):
    Client().generic("HIDDENWORD", "/")
    assert [line["http.request.method"] for line in of_requests(lines())] == ["OTHER"]
    assert "HIDDENWORD" not in json.dumps(lines())


# -- the id -------------------------------------------------------------------------------------------------
GIVEN = "0190A8C2-7e1c-7abc-8def-0123456789ab"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("n_proxies", "given", "is_taken"),
    [
        (0, GIVEN, False),
        (1, GIVEN, True),
        (1, GIVEN.replace("-", ""), True),
        (1, "", False),
        (1, "short", False),
        (1, GIVEN + "0", False),
        (1, GIVEN[:-1] + "\n", False),
        (1, "g" * 32, False),
    ],
)
def test_an_id_is_taken_from_trusted_proxies_only_and_if_well_formed(settings, n_proxies, given, is_taken):
    settings.TRUSTED_PROXY_COUNT = n_proxies
    answered = Client().get("/version", headers={"x-request-id": given}).headers["X-Request-ID"]
    assert (answered == GIVEN.lower()) is is_taken
    assert str(uuid.UUID(answered)) == answered


def test_every_line_on_the_way_has_the_id_and_none_after_it(lines):
    def view(request):
        structlog.get_logger("ours").info("on_the_way")
        logging.getLogger("another.package").warning("on the way")
        return HttpResponse()

    answer = RequestLogMiddleware(view)(RequestFactory().get("/"))
    structlog.get_logger("ours").info("afterwards")
    *during, after = lines()
    assert {line["http.request.id"] for line in during} == {answer.headers["X-Request-ID"]}
    assert len(during) == 3
    assert "http.request.id" not in after


def test_a_job_carries_the_id_of_the_request_that_started_it(lines):
    seen = {}
    with structlog.contextvars.bound_contextvars(**{"http.request.id": GIVEN}):
        task_log._take_along(headers=seen)
    assert seen == {task_log.HEADER: GIVEN}

    @current_app.task(name="tests.say", shared=False)
    def say():
        structlog.get_logger("job").info("at_work")

    say.apply(headers=seen)
    [line] = [line for line in lines() if line["message"] == "at_work"]
    assert (line["http.request.id"], line["pairly.task"]) == (GIVEN, "tests.say")
    assert structlog.contextvars.get_contextvars() == {}


# -- redaction ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "mail to ada.lovelace+x@mail.example.org failed",
        f"Authorization: Bearer {JWT}",
        f"token was {JWT}",
        "otpauth://totp/Pairly:ada?secret=JBSWY3DPEHPK3PXP",
        f"key {BASE32} and {BASE64} and {HEX}",
        "postgres://pairly:hunter2hunter2@db/pairly",
        "GET /reset?code=hunter2hunter2&next=/x",
        '{"password": "hunter2 hunter2", "code": "123456"}',
        "password=hunter2hunter2",
        "Set-Cookie: pairly_session=hunter2hunter2; Path=/",
        "duplicate key\nDETAIL:  Key (email)=(hunter2hunter2) already exists.",
    ],
)
def test_what_looks_like_a_secret_or_an_address_is_taken_out_of_texts(text):
    clean = redaction.redact_text(text)
    assert "[redacted]" in clean
    hidden = ["lovelace", "mail.example", JWT[20:], BASE32, BASE64, HEX, "hunter2", "JBSWY3DP", "123456"]
    assert [word for word in hidden if word in clean] == []


@pytest.mark.parametrize(
    "text",
    [
        "redis_away",
        f"conversation {GIVEN.lower()} has 12345678901234567890 messages",
        '  File "/srv/pairly/messaging/services/sending.py", line 12, in send_message_of_a_person',
        "pairly.common.problems.Overloaded: it took 30.0 s",
        "celery@host ready.",
        "Task messaging.void_overdue_holds[0190a8c2-7e1c-7abc-8def-0123456789ab] succeeded in 0.12s: 0",
        "GET /api/v1/messages/history/<uuid:user_id> 200",
        "connection to server at 127.0.0.1, port 5432 failed",
    ],
)
def test_ordinary_texts_stay_as_they_are(text):
    assert redaction.redact_text(text) == text


@pytest.mark.parametrize(
    "name", ["password", "new_password", "access_token", "code", "Set-Cookie", "email", "client_ip", "totp_secret"]
)
def test_fields_of_sensitive_names_lose_their_value(lines, name):
    structlog.get_logger("x").info("happened", **{name: "hidden-words", "nested": {name: ["hidden-words"]}})
    assert "hidden-words" not in json.dumps(lines())
    assert json.dumps(lines()).count("[redacted]") == 2


HIDDEN = "hidden-words ada@example.org"  # by name, for traces show the line that raises


class _Unprintable:
    def __str__(self):
        raise ValueError(HIDDEN)


def failing(kind):
    raise kind(HIDDEN)


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, OSError, UserWarning, Exception])
def test_the_message_of_an_exception_that_may_quote_data_is_withheld(lines, kind):
    for logger in ("pairly.x", "django.request", "celery.app.trace", "asyncio"):
        try:
            try:
                failing(kind)
            except kind as error:
                raise TypeError("outer") from error
        except TypeError as error:
            cause = error.__cause__
            logging.getLogger(logger).error("it failed: %r", cause, exc_info=cause)
            structlog.get_logger(logger).exception("failed")
    assert "hidden-words" not in json.dumps(lines())
    assert len(lines()) == 8
    for line in lines():
        assert "in failing" in line["error.stack_trace"]
    assert {line["error.type"] for line in lines()} == {"TypeError", kind.__qualname__}


def test_the_message_of_an_exception_that_tells_of_code_is_kept(lines):
    try:
        print(None.nothing)
    except AttributeError:
        structlog.get_logger("x").exception("failed")
    assert lines()[0]["error.message"] == "'NoneType' object has no attribute 'nothing'"
    assert redaction.describe_error(RedisConnectionError("Error 111 connecting")) == "Error 111 connecting"
    assert redaction.describe_error(ConnectionRefusedError(111, "Connection refused")) == "Connection refused"


@pytest.mark.django_db
def test_a_database_error_tells_its_constraint_and_never_the_row(lines):
    fan = make_user()
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO users_user SELECT * FROM users_user WHERE email = %s", [fan.email])
    assert str(fan.pk) in str(caught.value)  # psycopg's own text quotes the row
    structlog.get_logger("x").error("failed", exc_info=caught.value)
    logging.getLogger("psycopg").warning("gave up: %s", caught.value)
    first, second = lines()
    assert first["error.message"] == "SQLSTATE 23505 users_user users_user_pkey"
    assert "Key (" not in json.dumps([first, second])
    assert isinstance(caught.value.__cause__, psycopg.Error)


def test_other_packages_lines_keep_only_what_is_their_own_text(lines):
    logging.getLogger("django.request").error("%s: %s", "Internal Server Error", "/reset/hidden-words")
    try:
        failing(ValueError)
    except ValueError:
        logging.getLogger("daphne.http_protocol").error("Traceback ... hidden-words")
    logging.getLogger("celery.worker.consumer.consumer").critical("Can't decode message body: %r", "hidden-words")
    data = {"id": GIVEN.lower(), "name": "x.y", "description": "raised unexpected", "exc": "ValueError('hidden-words')"}
    form = "Task %(name)s[%(id)s] %(description)s: %(exc)s"
    logging.getLogger("celery.app.trace").error(form, data, extra={"data": data})
    assert "hidden-words" not in json.dumps(lines())
    assert [line["message"] for line in lines()] == [
        "Internal Server Error",
        "daphne.http_protocol",
        "Can't decode message body: ...",
        f"Task x.y[{GIVEN.lower()}] raised unexpected: ",
    ]
    assert lines()[1]["error.type"] == "ValueError"


def test_a_line_that_cannot_be_made_is_replaced_and_not_printed_with_its_arguments():
    formatter = next(h.formatter for h in logging.getLogger().handlers if "Ecs" in type(h.formatter).__name__)
    for message, args in (("%d", ("hidden-words",)), ("%s", (_Unprintable(),)), (_Unprintable(), ())):
        made = formatter.format(logging.LogRecord("x", logging.ERROR, "x.py", 1, message, args, None))
        assert json.loads(made)["message"] == "log_line_failed"
        assert "hidden-words" not in made
