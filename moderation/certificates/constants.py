from __future__ import annotations

from datetime import timedelta

# What is signed is this and then the payload, so that a certificate is taken for nothing else.
CONTEXT = b"pairly/certificate/1\0"
ISSUER = "pairly"
CODE_BYTES = 10  # 80 random bits, 16 characters of Base32
CODE_CHARS = 16

PERMISSION = "users.staff_review_verifications"  # who of staff may take back a certificate of somebody else
LOOKUPS_PER_MINUTE = 60  # of one network; 2**80 codes are not to be guessed, but asking is not free
CHANGES_PER_MINUTE = 10
CERTIFICATES_A_DAY = 5
# One that is younger and still says what a new one would say is given again instead of a new one.
REISSUED_AFTER = timedelta(days=1)

# A revocation is seen within a minute: what we kept of its standing, and then what a cache kept of our answer.
FACTS_KEPT_S = 24 * 3600
STANDING_KEPT_S = 25
ANSWER_KEPT_S = 25
