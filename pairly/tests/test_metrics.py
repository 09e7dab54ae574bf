"""/metrics: who may read it, that its numbers are those of the moment, that what nobody knows is not shown as fine,
and that the alerts and the board ask for nothing that is not there.

The queries of the alerts are not run: that would need Prometheus itself. Names of metrics are found in them by their
form, so a wrong function or label would not be noticed here.
"""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from messaging.services import deadlines
from pairly.celery import app
from pairly.common import jobs, redis_health
from pairly.common import redis as common_redis
from pairly.common.clock import now_ms
from pairly.common.process_state import state
from pairly.layers import task_log
from pairly.outbox import services as outbox
from pairly.outbox.models import OutboxRow
from pairly.site import gauges
from pairly.testing.pen_friends import Letters, PenFriend
from pairly.testing.people import make_user
from security import event_log

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ALERTS = Path(__file__).resolve().parents[2] / "docs" / "alerts.md"
# Exported by others: Prometheus itself, blackbox_exporter, and the text file that `deploy/backup.sh` writes.
OF_OTHERS = {"up", "probe_success", "probe_ssl_earliest_cert_expiry", "pairly_backup_last_success_timestamp_seconds"}


@pytest.fixture(autouse=True)
def _patient():
    """A busy machine is no database that hangs; what is about that is short of patience itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gauges, "PATIENCE_S", 60.0)
        patch.setattr(gauges, "STATEMENT_MS", 50_000)
        yield


def families(answer=None):
    text = (answer or Client().get("/metrics")).content.decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def samples(answer=None):
    """name{label="value"} -> value, as Prometheus would store it."""
    return {
        sample.name + (json.dumps(sample.labels, sort_keys=True) if sample.labels else ""): sample.value
        for family in families(answer).values()
        for sample in family.samples
    }


# -- who may read -------------------------------------------------------------------------------------------
TOKEN = "a-token-of-the-metrics"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/metrics", "/api/v1/metrics", "/api/metrics"])
@pytest.mark.parametrize(
    ("token", "headers", "peer", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "192.0.2.1", 404),
        ("", {}, "", 404),
        ("", {"x-forwarded-for": "127.0.0.1"}, "127.0.0.1", 404),
        ("", {"forwarded": "for=127.0.0.1"}, "127.0.0.1", 404),
        ("", {"authorization": "Bearer "}, "192.0.2.1", 404),
        (TOKEN, {}, "127.0.0.1", 404),
        (TOKEN, {"authorization": f"Bearer {TOKEN}"}, "192.0.2.1", 200),
        (TOKEN, {"authorization": f"Bearer {TOKEN}", "x-forwarded-for": "192.0.2.1"}, "127.0.0.1", 200),
        (TOKEN, {"authorization": f"Bearer {TOKEN[:-1]}"}, "127.0.0.1", 404),
        (TOKEN, {"authorization": f"Basic {TOKEN}"}, "127.0.0.1", 404),
        (TOKEN, {"authorization": "Bearer \u00fc"}, "127.0.0.1", 404),
    ],
)
def test_only_who_has_the_token_reads_or_without_one_this_machine(settings, path, token, headers, peer, status):
    settings.METRICS_TOKEN = token
    assert Client().get(path, headers=headers, REMOTE_ADDR=peer).status_code == status


@pytest.mark.django_db
def test_it_is_read_and_nothing_else():
    assert Client().post("/metrics").status_code == 405
    answer = Client().get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]


# -- requests -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_requests_are_counted_by_method_route_and_status_and_unknown_addresses_are_one_route():
    def n(before, after, key):
        return after.get(key, 0) - before.get(key, 0)

    before = samples()
    for i in range(20):
        Client().get(f"/api/v1/nowhere/{i}")
        Client().generic(f"METHOD{i}", "/version")
    Client().get("/version")
    after = samples()
    unknown = 'pairly_requests_total{"method": "GET", "route": "unmatched", "status": "404"}'
    assert n(before, after, unknown) == 20
    assert n(before, after, 'pairly_requests_total{"method": "OTHER", "route": "site:version", "status": "405"}') == 20
    assert n(before, after, 'pairly_requests_total{"method": "GET", "route": "site:version", "status": "200"}') == 1
    assert n(before, after, 'pairly_request_duration_seconds_count{"route": "site:version"}') == 21
    assert after["pairly_requests_in_flight"] == 1  # the scrape itself


# -- gauges -------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("committed_db")
def test_each_gauge_tells_what_is_there():
    healthy = samples()
    for name in gauges.DATABASE_GAUGES:
        assert healthy[name] == 0
    assert healthy["pairly_scrape_ok"] == 1
    assert healthy["pairly_database_pool_max"] == 20
    assert healthy["pairly_memory_resident_bytes"] > 50e6

    late = timezone.now() - timedelta(hours=2)
    for is_dead in (False, False, True):
        row = outbox.write(kind="x", payload={})
        OutboxRow.objects.filter(pk=row.pk).update(
            created_at=late, deliver_at=late, **({"state": "dead", "n_tries": 10} if is_dead else {})
        )
    outbox.write(kind="x", payload={}, deliver_at=timezone.now() + timedelta(days=1))  # not due: not late
    fan = PenFriend("fan", name="Fay", credits_centi=100_000)
    letters = Letters(fan=fan, creator=PenFriend("creator", name="Cleo", price_centi=10_000))
    letters.write(fan, "hello", at_ms=now_ms() - 80 * 3600 * 1000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - expires_at)::float8 FROM credits_hold")
        [overdue_s] = cursor.fetchone()
    found = samples()
    assert (found["pairly_outbox_pending"], found["pairly_outbox_dead"]) == (2, 1)
    assert 7200 <= found["pairly_outbox_oldest_age_seconds"] < 7300
    assert found["pairly_overdue_holds"] == 1
    assert overdue_s <= found["pairly_overdue_holds_oldest_age_seconds"] < overdue_s + 100
    assert found["pairly_unpushed_messages"] == 1
    assert deadlines.void_overdue_holds() == 1
    assert samples()["pairly_overdue_holds"] == 0


@pytest.mark.django_db
def test_sockets_queue_and_security_events_are_there(monkeypatch, settings, tmp_path):
    settings.SECURITY_LOG_DIR = tmp_path
    for name, value in (("n_sockets", 3), ("n_waiting", 2), ("n_in_flight", 5), ("n_overloaded_total", 7)):
        monkeypatch.setattr(state, name, value)
    key = 'pairly_security_events_total{"action": "limit.refused", "outcome": "failure"}'
    before = samples().get(key, 0)
    event_log.write(action="limit.refused", outcome="failure")
    found = samples()
    assert found[key] == before + 1
    assert [found[f"pairly_{n}"] for n in ("sockets_open", "requests_waiting", "requests_in_queue")] == [3, 2, 5]
    assert found["pairly_requests_overloaded_total"] == 7
    settings.SECURITY_LOG_DIR = tmp_path / "limit.refused" / "\0"
    event_log.write(action="limit.refused", outcome="failure")
    assert samples()["pairly_security_log_failures_total"] == found["pairly_security_log_failures_total"] + 1


def test_a_database_that_gives_no_answer_makes_its_numbers_unknown_and_the_rest_stays(committed_db, monkeypatch):
    monkeypatch.setattr(gauges, "_STATEMENT", "SELECT pg_sleep(60)")
    monkeypatch.setattr(gauges, "STATEMENT_MS", 500)
    answer = Client().get("/metrics")
    found = samples(answer)
    assert answer.status_code == 200
    assert found["pairly_scrape_ok"] == 0
    assert found['pairly_scrape_part_ok{"part": "database"}'] == 0
    assert found['pairly_scrape_part_ok{"part": "redis"}'] == 1
    assert set(gauges.DATABASE_GAUGES).isdisjoint(found)
    assert found["pairly_requests_in_flight"] == 1
    monkeypatch.undo()
    assert samples()["pairly_scrape_ok"] == 1


@pytest.fixture
def redis_away(settings):
    before = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1"
    common_redis.get_client.cache_clear()
    yield
    settings.REDIS_URL = before
    common_redis.get_client.cache_clear()
    redis_health.forget_failure()


@pytest.mark.usefixtures("committed_db", "redis_away")
def test_without_redis_the_ledger_and_the_jobs_are_unknown_and_not_fine():
    redis_health.note_failure(error=OSError())
    found = samples()
    assert (found["pairly_scrape_ok"], found["pairly_redis_away"]) == (0, 1)
    assert found['pairly_scrape_part_ok{"part": "database"}'] == 1
    assert "pairly_ledger_differences" not in found
    assert not any("pairly_job_last_success" in name for name in found)
    jobs.note_run(name="credits.check_ledger", result=0)  # fails nobody


def test_a_look_that_hangs_is_waited_for_once_and_not_started_again(monkeypatch):
    go_on, has_begun, n_started = threading.Event(), threading.Event(), []

    def hang():
        n_started.append(1)
        has_begun.set()
        go_on.wait(60)

    monkeypatch.setattr(gauges, "PATIENCE_S", 0.05)
    try:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                gauges._within_patience("test", hang)
        assert has_begun.wait(60)
        assert n_started == [1]
    finally:
        go_on.set()
    gauges._under_way["test"].result(timeout=60)
    monkeypatch.undo()
    assert gauges._within_patience("test", lambda: 5) == 5


@pytest.mark.usefixtures("committed_db")
def test_periodic_jobs_leave_word_of_their_end_and_the_ledgers_check_of_its_result():
    app.loader.import_default_modules()
    assert "pairly_ledger_differences" not in samples()
    for name in ("credits.check_ledger", "outbox.deliver"):
        assert app.tasks[name].apply().successful()
    found = samples()
    assert found["pairly_ledger_differences"] == 0
    for name in ("credits.check_ledger", "outbox.deliver"):
        assert (
            found[f'pairly_job_last_success_timestamp_seconds{{"task": "{name}"}}'] > timezone.now().timestamp() - 100
        )
    task_log._note(app.tasks["credits.check_ledger"], result=2)
    assert samples()["pairly_ledger_differences"] == 2
    one_off = app.tasks["payments.process_event"]
    task_log._note(one_off, result=None)
    assert set(jobs.list_runs()) == {"credits.check_ledger", "outbox.deliver"}


def test_a_running_server_answers_with_its_own_numbers(start_server):
    make_user()
    server = start_server(METRICS_TOKEN=TOKEN, PAIRLY_COMMIT="0123abcd")
    assert httpx.get(f"{server.url}/metrics").status_code == 404
    httpx.get(f"{server.url}/how-it-works/")
    text = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'pairly_requests_total{method="GET",route="site:how-it-works",status="200"} 1.0' in text
    assert "pairly_scrape_ok 1.0" in text
    assert 'commit="0123abcd"' in text
    assert httpx.get(f"{server.url}/version").json()["commit"] == "0123abcd"
    assert TOKEN not in server.log_path.read_text()


# -- alerts and board ---------------------------------------------------------------------------------------
# Words of PromQL that may stand where a metric may; what precedes "(" is a function.
WORDS = {"by", "or", "and", "unless", "on", "without", "le", "route", "status", "action", "task", "instance"}
WORDS |= {"version", "commit", "sum", "max", "min", "count"}


def metrics_in(expression):
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", expression)
    return set(re.findall(r"\b[a-z_][a-z0-9_]*\b(?!\s*\()", bare)) - WORDS


@pytest.fixture
def exported(committed_db):
    jobs.note_run(name="credits.check_ledger", result=0)
    event_log.write(action="limit.refused", outcome="failure")
    Client().get("/version")
    found = families()
    assert [name for name, family in found.items() if not family.documentation.strip()] == []
    return {sample.name for family in found.values() for sample in family.samples}


def rules():
    [group] = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())["groups"]
    return group["rules"]


def test_every_metric_of_an_alert_is_exported(exported):
    for rule in rules():
        asked = metrics_in(rule["expr"])
        assert asked, rule["alert"]
        assert asked - exported - OF_OTHERS == set(), rule["alert"]


def test_every_metric_of_the_board_is_exported(exported):
    board = json.loads((DEPLOY / "grafana" / "pairly.json").read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in panels:
        for target in panel["targets"]:
            assert metrics_in(target["expr"]) - exported - OF_OTHERS == set(), panel["title"]
    shown = {name for panel in panels for target in panel["targets"] for name in metrics_in(target["expr"])}
    python = {"pairly_scrape_part_ok", "pairly_start_time_seconds"}
    assert {name for name in exported if not name.endswith(("_sum", "_count", "_created"))} - shown - python == set()


def test_every_alert_says_what_to_do_and_nothing_is_said_of_alerts_that_are_none():
    explained = re.findall(r'^## <a id="(alert-[a-z-]+)"></a>(\w+)$', ALERTS.read_text(), re.M)
    assert [(rule["annotations"]["runbook"].partition("#")[2], rule["alert"]) for rule in rules()] == explained
    for rule in rules():
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_prometheus_reads_the_rules_and_asks_the_right_path_with_a_token():
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert config["rule_files"] == ["rules.yml"]
    [job] = [job for job in config["scrape_configs"] if job["job_name"] == "pairly"]
    assert job["metrics_path"] == "/metrics"
    assert job["authorization"]["type"] == "Bearer"
    assert {rule["for"] for rule in rules()}
    schedule = {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    named = {name for rule in rules() for name in re.findall(r'task=~?"([^"]+)"', rule["expr"])}
    assert {name for group in named for name in group.split("|")} <= schedule
