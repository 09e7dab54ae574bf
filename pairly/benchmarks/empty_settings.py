"""The product's settings with the empty view for its only URL; with PAIRLY_BENCH_BARE without its middleware."""

from __future__ import annotations

import os

from pairly.settings import *  # noqa: F403
from pairly.settings import MIDDLEWARE as _LAYERS

ROOT_URLCONF = "pairly.benchmarks.empty"
MIDDLEWARE = [] if os.environ.get("PAIRLY_BENCH_BARE") else _LAYERS
LIMIT_ANONYMOUS_PER_MINUTE = LIMIT_BAN_PER_MINUTE = 1_000_000_000
