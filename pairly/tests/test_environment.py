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

STRIPE_PAGES = ["https://checkout.stripe.com", "https://accounts.stripe.com", "https://connect.stripe.com"]


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


@pytest.mark.parametrize("given", [("RAZORPAY_KEY_SECRET",), ("RAZORPAY_WEBHOOK_SECRET",), ()])
def test_razorpay_is_set_up_whole_or_not_at_all(given, tmp_path):
    env = {**databases.server_environment(settings.VAR_DIR, name="none"), "PAIRLY_VAR_DIR": str(tmp_path)}
    env.pop("RAZORPAY_WEBHOOK_SECRET", None)  # this machine's own, for the sandbox
    env |= {"RAZORPAY_KEY_ID": "rzp_test_x", **dict.fromkeys(given, "x")}
    code = "import pairly.settings"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert result.returncode != 0
    assert "are required with RAZORPAY_KEY_ID" in result.stderr


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, "rzp_test_sandbox http://127.0.0.1:8001/razorpay ['http://127.0.0.1:8001']"),
        ({"STRIPE_SECRET_KEY": "sk_live_x"}, f"  {STRIPE_PAGES}"),
        (
            {"STRIPE_SECRET_KEY": "sk_live_x", "RAZORPAY_KEY_ID": "rzp_live_x"},
            f"rzp_live_x  {[*STRIPE_PAGES, 'https://rzp.io', 'https://*.razorpay.com']}",
        ),
    ],
)
def test_razorpay_is_the_sandboxs_the_real_one_or_left_out(given, shown, tmp_path):
    env = {**databases.server_environment(settings.VAR_DIR, name="none"), "PAIRLY_VAR_DIR": str(tmp_path)}
    env |= {"PORT": "8000", "RAZORPAY_KEY_SECRET": "x", "RAZORPAY_WEBHOOK_SECRET": "x", **given}
    names = "RAZORPAY_KEY_ID, RAZORPAY_API_BASE, CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'][1:]"
    code = f"from pairly.settings import *; print({names})"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert result.stdout == shown + "\n", result.stderr
