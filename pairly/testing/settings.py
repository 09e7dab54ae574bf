"""Settings of the test run: the product's own, on servers of their own under var/test.

The controlling process claims the folder and hands it to its workers by PAIRLY_TEST_VAR_DIR.
"""

from __future__ import annotations

import os
from pathlib import Path

from . import slots

_ROOT = Path(__file__).resolve().parents[2]
if not os.environ.get("PAIRLY_TEST_VAR_DIR"):
    os.environ["PAIRLY_TEST_VAR_DIR"] = str(slots.claim(_ROOT / "var" / "test"))
os.environ["PAIRLY_VAR_DIR"] = os.environ["PAIRLY_TEST_VAR_DIR"]
for _name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
    os.environ.pop(_name, None)
# A machine that is busy with other tests is no Redis that hangs; tests of one that does say how long they wait for it.
os.environ["REDIS_TIMEOUT_SECONDS"] = "20"

from pairly.settings import *  # noqa: E402, F403 - the environment must be set first
from pairly.settings import (  # noqa: E402
    CACHES,
    CHANNEL_LAYERS,
    DATABASES,
    PASSWORD_HASHERS,
    REDIS_PREFIX,
    REDIS_URL,
    STORAGES,
    VAR_DIR,
)

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_REDIS_NUMBER = 0 if _WORKER == "main" else 1 + int(_WORKER.removeprefix("gw"))
REDIS_URL = f"{REDIS_URL}?db={_REDIS_NUMBER}"
CACHES["default"]["LOCATION"] = REDIS_URL
CHANNEL_LAYERS["default"] = {
    **CHANNEL_LAYERS["default"],
    "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{REDIS_PREFIX}:channels"},
}
DATABASES["default"]["NAME"] = f"pairly_test_{_WORKER}"
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
PRODUCT_PASSWORD_HASHERS = PASSWORD_HASHERS
PASSWORD_HASHERS = ["pairly.testing.hashers.QuickHasher", *PASSWORD_HASHERS[1:]]
# All tests come from one address. What is about the limits sets them.
LIMIT_ANONYMOUS_PER_MINUTE = LIMIT_ACCOUNT_PER_MINUTE = LIMIT_BAN_PER_MINUTE = 1_000_000
# Tests tell Redis who is about when they say so.
PRESENCE_FLUSH_SECONDS = 0.0
EMAIL_FILE_PATH = VAR_DIR / "mail" / _WORKER
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Plain names, straight from the build: collecting is tested on its own.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
# Each file is looked for when it is asked for: each of Django's test clients makes the middleware anew, and would read
# the whole folder, which took longer than the requests of most tests.
WHITENOISE_AUTOREFRESH = True
