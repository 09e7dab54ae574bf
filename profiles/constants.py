from __future__ import annotations

BIO_MAX = 2_000
NAME_MAX = 80
