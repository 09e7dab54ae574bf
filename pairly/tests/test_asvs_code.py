"""What OWASP ASVS 5.0 forbids in code, and the versions that carry fixes: read from the sources, nothing is run."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from django.conf import settings
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
APPS = ("pairly", "security", "users", "credits", "profiles", "messaging", "payments", "moderation")
# Tools of who builds or runs Pairly: servers of their own, measurements, backups, tests.
TOOLS = (
    "pairly/testing/",
    "pairly/tests/",
    "pairly/benchmarks/",
    "pairly/audit/",
    "pairly/embedded/",
    "pairly/up/",
    "pairly/operations/",
)
SCRIPTS = sorted((ROOT / "frontend" / "src").rglob("*.ts"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def product_files():
    """The Python that answers people: no tests, no migrations, no tools."""
    files = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    names = {str(path.relative_to(ROOT)): path for path in files}
    return {
        name: path
        for name, path in sorted(names.items())
        if "/tests/" not in name and "/migrations/" not in name and not name.startswith(TOOLS)
    }


# -- dangerous calls ----------------------------------------------------------------------------------------
# Ruff's port of bandit: each rule, and the least code that it has to find.
DANGEROUS = {
    "S102": "exec(x)",
    "S110": "try:\n    x()\nexcept Exception:\n    pass",
    "S301": "import pickle\npickle.loads(x)",
    "S302": "import marshal\nmarshal.loads(x)",
    "S304": "from cryptography.hazmat.primitives.ciphers import algorithms\nalgorithms.ARC4(x)",
    "S305": "from cryptography.hazmat.primitives.ciphers import modes\nmodes.ECB()",
    "S306": "import tempfile\ntempfile.mktemp()",
    "S307": "eval(x)",
    "S308": "from django.utils.safestring import mark_safe\nmark_safe(x)",
    "S311": "import random\nrandom.random()",
    "S314": "import xml.etree.ElementTree as e\ne.parse(x)",
    "S318": "from xml.dom import minidom\nminidom.parse(x)",
    "S323": "import ssl\nssl._create_unverified_context()",
    "S324": "import hashlib\nhashlib.md5(x)",
    "S501": "import requests\nrequests.get(x, verify=False, timeout=1)",
    "S502": "import ssl\nssl.wrap_socket(ssl_version=ssl.PROTOCOL_TLSv1)",
    "S506": "import yaml\nyaml.load(x)",
    "S602": "import subprocess\nsubprocess.run(x, shell=True)",
    "S604": "run(x, shell=True)",
    "S605": "import os\nos.system(x)",
    "S608": "y = f'SELECT * FROM t WHERE a = {x}'",
    "S610": "from django.contrib.auth.models import User\nUser.objects.extra(where=[x])",
    "S611": "from django.db.models.expressions import RawSQL\nRawSQL(x, [])",
    "S701": "import jinja2\njinja2.Environment()",
}
# Looked at: the columns and conditions are pieces of ours, values are parameters; the demo's pictures are drawn by
# chance that can be repeated.
KNOWN = {
    ("messaging/contact_selectors.py", "S611"),
    ("messaging/services/conversations.py", "S608"),
    ("messaging/services/exceptions.py", "S608"),
    ("messaging/services/requests.py", "S608"),
    ("pairly/demo/drawing/scenes.py", "S311"),
    ("profiles/discovery.py", "S608"),
    ("profiles/nearby.py", "S608"),
    ("profiles/selectors.py", "S611"),
    ("profiles/visibility.py", "S608"),
}


def ruff(*paths, select):
    """The findings of rules in files, whatever their comments say."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--ignore-noqa",
        "--output-format=json",
    ]
    result = subprocess.run(
        [*command, f"--select={','.join(select)}", *paths], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode in (0, 1), result.stderr
    found = json.loads(result.stdout)
    assert {row["code"] for row in found} <= set(select)
    return {(row["filename"], row["code"]) for row in found}


def test_the_code_makes_no_dangerous_call():
    found = ruff(*map(str, product_files().values()), select=DANGEROUS)
    assert {(str(Path(name).relative_to(ROOT)), code) for name, code in found} == KNOWN


def test_each_dangerous_call_would_be_found(tmp_path):
    for code, source in DANGEROUS.items():
        (tmp_path / f"{code}.py").write_text(f"{source}\n")
    found = ruff(str(tmp_path), select=DANGEROUS)
    assert {code for name, code in found if Path(name).stem == code} == set(DANGEROUS)


def calls(tree):
    """The calls of a module: the called name, dotted, and the node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_no_statement_for_the_database_is_put_together_from_values():
    """Every statement is a constant, or a constant chosen by us; values travel apart from it."""
    is_run = re.compile(r"(^|\.)(execute|executemany|raw|extra|RawSQL)$")
    odd = []
    for name, path in product_files().items():
        for called, node in calls(ast.parse(path.read_text())):
            if is_run.search(called) and node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp):
                odd.append(name)
    # The names of columns in these are "low" or "high", which `side_of` chooses.
    assert set(odd) <= {f"messaging/services/{name}.py" for name in ("conversations", "exceptions", "requests")}


MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cPickle",
    "lxml",
    "xml",
    "defusedxml",
    "tarfile",
    "zipimport",
}


def test_nothing_that_came_in_is_turned_into_objects_or_read_as_xml():
    imported = {}
    for name, path in product_files().items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported.setdefault(name, set()).update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.setdefault(name, set()).add(node.module.split(".")[0])
    assert {name: found & MODULES for name, found in imported.items() if found & MODULES} == {}
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_SERIALIZER == "json"
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"
    assert settings.REST_FRAMEWORK["DEFAULT_PARSER_CLASSES"] == ["pairly.common.json_bodies.JSONParser"]
    users = {
        name for name, path in product_files().items() if re.search(r"\bcaches?\.(get|set|incr)\(", path.read_text())
    }
    assert users == set(), "Django's Redis cache pickles: only sessions, which are JSON, go through it"


def test_only_named_fields_are_read_and_written():
    """A serializer or form that follows its model would give out, and take, whatever is added to it."""
    odd = []
    for name, path in product_files().items():
        for meta in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)):
            if meta.name != "Meta":
                continue
            values = {ast.unparse(one.targets[0]): one.value for one in meta.body if isinstance(one, ast.Assign)}
            is_listed = isinstance(values.get("fields", ast.List()), ast.List | ast.Tuple)
            odd += [] if is_listed and "exclude" not in values else [name]
    assert odd == []


# Addresses in answers: the next page, and the payment provider's own page.
GIVEN_OUT = {("next", "serializers"), ("checkout_url", "serializers"), ("onboarding_url", "serializers")}

# What an organisation's webhooks are sent to: HTTPS, and a public address at the moment of connecting.
CALLED = {("target_url", "models"), ("target_url", "serializers"), ("target_url", "forms")}


def test_no_address_to_fetch_or_to_link_is_taken_from_people():
    """No other field takes one: nothing to fetch for a stranger, no link with a scheme of theirs."""
    field = re.compile(r"(\w+)\"?\s*[=:]\s*(\w+)\.URL(?:Field|Input)\b")
    found = [match.groups() for path in product_files().values() for match in field.finditer(path.read_text())]
    assert set(found) <= GIVEN_OUT | CALLED


CLIENTS = {
    "stripe",
    "razorpay",
    "boto3",
    "requests",
    "httpx",
    "aiohttp",
    "google",
    "urllib.request",
    "http.client",
    "smtplib",
}


def test_the_list_of_what_pairly_talks_to_is_complete():
    """docs/security.md names each module that reaches out by HTTP; the other servers are settings."""
    text = (ROOT / "docs" / "security.md").read_text()
    section = text[text.index("## What Pairly talks to") :].split("\n## ")[0]
    listed = set(re.findall(r"`([\w/]+\.py)`", section))
    found = set()
    for name, path in product_files().items():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            found |= {name} if any(one in CLIENTS or one.split(".")[0] in CLIENTS for one in names) else set()
    assert listed == found


def test_no_tool_of_tests_is_part_of_the_product():
    odd = []
    for name, path in product_files().items():
        text = path.read_text()
        if re.search(r"^\s*(from|import) (pytest|hypothesis|playwright|pairly\.testing|pairly\.tests)\b", text, re.M):
            odd.append(name)
    assert set(odd) <= {"pairly/management/commands/screenshots.py"}
    assert not {"debug_toolbar", "django_extensions", "silk"} & set(settings.INSTALLED_APPS)
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.M))
    assert not pinned & {"pytest", "hypothesis", "playwright", "django-debug-toolbar", "schemathesis", "mypy"}


# -- what the browser runs ----------------------------------------------------------------------------------
UNSAFE_IN_BROWSERS = re.compile(
    r"\.(innerHTML|outerHTML|srcdoc)\b|insertAdjacentHTML|document\.write|createContextualFragment|setHTMLUnsafe"
    r"|\beval\(|new Function\(|set(Timeout|Interval)\(\s*[\"'`]|javascript:|__proto__|\.prototype\[|Object\.assign\("
    # with a target: a BroadcastChannel has none and stays in its origin
    r"|postMessage\([^)]*,|addEventListener\(\s*[\"']message[\"']|document\.domain|jsonp"
)


def test_no_script_of_the_browser_knows_tokens():
    """A browser has a session, whose cookie scripts cannot read: there is no token for them to lose."""
    for path in SCRIPTS:
        if path.name == "api-types.ts":  # the types of the API's answers, to all callers
            continue
        assert not re.search(r"access_token|refresh_token|bearer|document\.cookie\s*=", path.read_text(), re.I), path


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_writes_text_and_never_markup_and_takes_no_messages_of_other_pages(path):
    found = [match.group() for match in UNSAFE_IN_BROWSERS.finditer(path.read_text())]
    assert found == []


def test_the_search_finds_each_unsafe_way():
    planted = [
        "a.innerHTML = x", "a.outerHTML += x", "a.insertAdjacentHTML('x', y)", "document.write(x)", "eval(x)",
        "new Function(x)", "setTimeout('x()', 1)", "x = {}['__proto__']", "Object.assign({}, x)",
        "w.postMessage(x, '*')", "addEventListener('message', x)", "a.href = 'javascript:x'",
    ]  # fmt: skip
    assert [one for one in planted if not UNSAFE_IN_BROWSERS.search(one)] == []
    assert not UNSAFE_IN_BROWSERS.search("a.textContent = x; socket.onmessage = (event) => this.receive(event)")


def test_no_page_asks_for_old_technology_or_for_files_of_other_sites():
    old = re.compile(r"<(applet|object|embed|marquee|frame|frameset|bgsound|keygen)\b", re.I)
    foreign = re.compile(
        r"<(script|link|img|iframe|source|video|audio|form)\b[^>]*(src|href|action)=\"(https?:)?//", re.I
    )
    for path in TEMPLATES:
        text = path.read_text()
        assert not old.search(text), path
        assert not foreign.search(text), path
        assert not re.search(r"\|\s*safe\b|autoescape off|\|\s*safeseq", text), path


# -- versions -----------------------------------------------------------------------------------------------
# The first releases with the fixes that matter here. An audit without a network says "nothing found", having looked
# at nothing; this looks.
FLOORS = {
    "django": "5.2.17",
    "daphne": "4.2.2",
    "pillow": "12.3",
    "pyjwt": "2.12",
    "celery": "5.2.2",
    "cryptography": "50",
    "twisted": "24.7.0",
    "urllib3": "2.5.0",
    "requests": "2.32.4",
    "h11": "0.16.0",
    "sqlparse": "0.5.0",
}


@pytest.mark.parametrize("name", FLOORS)
def test_a_package_is_no_older_than_its_last_fix(name):
    assert Version(version(name)) >= Version(FLOORS[name])


def pins():
    rows = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
    return {name.lower(): number for name, number in rows}


def test_every_package_is_pinned_and_the_pins_are_what_runs():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if re.match(r"[A-Za-z]", line)]
    assert len(pins()) == len(lines) > 50
    assert set(FLOORS) <= set(pins())
    # An older environment is caught here, and a floor that a new lock fell below.
    assert {
        name for name, number in pins().items() if name in FLOORS and Version(number) < Version(FLOORS[name])
    } == set()
    assert {name: version(name) for name in FLOORS} == {name: pins()[name] for name in FLOORS}


def test_every_package_of_the_browser_is_locked_with_its_hash():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    locked = {name: row for name, row in packages.items() if name}
    assert len(locked) > 20
    assert [name for name, row in locked.items() if not str(row.get("integrity", "")).startswith("sha512-")] == []
    assert [name for name, row in locked.items() if "resolved" in row] == []


# -- secrets ------------------------------------------------------------------------------------------------
SECRET = re.compile(
    r"sk_live_\w{8}|rk_live_\w{8}|whsec_\w{20}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|ghp_\w{36}|xox[bp]-\w{10}"
    r"|AIza[\w-]{35}"
)


def test_no_secret_is_in_the_repository():
    folders = [*APPS, "templates", "docs", "deploy", ".ci", "frontend/src", "frontend/css"]
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name != ".env"]
    found = []
    for path in files:
        if path.stat().st_size < 1_000_000 and path != Path(__file__).resolve():
            found += [str(path)] if SECRET.search(path.read_text(errors="ignore")) else []
    assert found == []
    assert SECRET.search("sk_live_" + "a" * 24)
