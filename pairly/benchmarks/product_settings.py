"""The product with one endpoint more, which does nothing, and limits that no benchmark reaches."""

from __future__ import annotations

from pairly.settings import *  # noqa: F403

ROOT_URLCONF = "pairly.benchmarks.product_urls"
LIMIT_ANONYMOUS_PER_MINUTE = LIMIT_ACCOUNT_PER_MINUTE = LIMIT_BAN_PER_MINUTE = 1_000_000_000
