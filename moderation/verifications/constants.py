from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

KIND = "verification"
PERMISSION = "users.staff_review_verifications"
FILE_MAX_BYTES = 25 * 1024 * 1024
MIN_SIDE_PX = 480  # a document cannot be read in fewer
PURPOSE_MAX = 500
REQUESTS_A_DAY = 3
FILES_KEPT = timedelta(days=30)  # after the decision
APPROVAL_LASTS = timedelta(days=2 * 365)
# Checks take seconds; after this a worker has died over them.
CHECK_LOST_AFTER = timedelta(minutes=5)
VIEW_WIDTH_PX = 1600
VERIFICATIONS_PER_MINUTE = 10

# Why a request is not approved; its owner reads the words.
REJECT_REASONS = {
    "unreadable": _("The pictures cannot be read. Take them again in good light, without glare, all corners in view."),
    "not_a_document": _("The first picture shows no passport, identity card or driving licence that we take."),
    "another_person": _("The selfie and the document do not show the same person."),
    "other_name": _("The name or the date of birth on the document is not that of the account."),
    "out_of_date": _("The document is no longer valid."),
    "altered": _("The document looks altered, or is a picture of a screen or of a copy."),
    "in_use": _("The document belongs to another account."),
    "under_age": _("The document says that its holder is under 18."),
    "other": _("See what the reviewer wrote."),
}
