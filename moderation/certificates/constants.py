from __future__ import annotations

# What is signed is this and then the payload, so that a certificate is taken for nothing else.
CONTEXT = b"pairly/certificate/1\0"
ISSUER = "pairly"
CODE_BYTES = 10  # 80 random bits, 16 characters of Base32
