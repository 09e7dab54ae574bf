from __future__ import annotations

from datetime import timedelta

KIND = "appeal"
PERMISSION = "users.staff_decide_appeals"
TEXT_MAX = 4000
# Words of one side in a row: after these the other one has to answer.
WORDS_MAX = 10
APPEALS_PER_MINUTE = 10
TARGET = timedelta(days=3)
OUTCOME_MAIL = "moderation.appeal"
# After a verification was not approved.
VERIFICATION_APPEAL_TIME = timedelta(days=180)
