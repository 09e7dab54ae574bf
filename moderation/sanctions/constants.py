from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from users.constants import SUSPENSION_REASONS

SUSPEND = "users.staff_suspend_users"
REASONS = "sanction"  # the kind of kept texts that facts may begin with
STATEMENT_MAIL = "moderation.statement"
FACTS_MAX = 4000
REASON_MAX = 500
# So long after a decision it may be appealed; for the law of the European Union six months.
APPEAL_TIME = timedelta(days=180)
DURATION_MAX = timedelta(days=3650)
RESTRICTIONS_PER_MINUTE = 30
SHOWN = 50

# The rules that can be broken, in the words that the person reads; those of suspensions among them.
RULES = {
    **SUSPENSION_REASONS,
    "hate": _("Running people down for what they are"),
    "sexual_content": _("Sexual content that our rules do not allow"),
    "self_harm": _("Encouraging people to harm themselves"),
    "copyright": _("Selling what belongs to somebody else"),
}
# What a sanction reaches, in words.
SCOPES = {
    "all": _("the whole of Pairly"),
    "messages": _("writing messages"),
    "profile": _("your profile in searches and lists"),
    "payouts": _("payouts"),
    "shop_item": _("one item of your shop"),
}
