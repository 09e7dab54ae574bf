from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from pairly.settings import environment
from pairly.testing import databases

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_file_lists_exactly_the_variables_that_are_read():
    listed = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    read = set(environment.env.dump()) | {"EMAIL_URL"}
    internal = {"PAIRLY_DB_ROLE", "REDIS_PREFIX", "CI"}
    # PAIRLY_COMMIT is not configured: whoever builds the image gives it.
    containers = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text())) - {"PAIRLY_COMMIT"}
    assert listed == (read - internal) | containers


@pytest.mark.parametrize(("name", "value"), [("PORT", "eighty"), ("DEBUG", "perhaps"), ("SOCKET_FRAMES", "20.5")])
def test_a_wrong_variable_stops_the_start_with_its_name(name, value):
    env = {**databases.server_environment(settings.VAR_DIR, name="none"), name: value}
    result = subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert result.returncode != 0
    assert name in result.stderr


def test_a_missing_secret_stops_the_start_with_its_name():
    env = {**os.environ, "DATABASE_URL": "postgres://x@127.0.0.1/x", "DJANGO_SETTINGS_MODULE": "pairly.settings"}
    env.pop("JWT_SECRET", None)
    result = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert result.returncode != 0
    assert "SECRET_KEY" in result.stderr
