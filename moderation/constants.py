from __future__ import annotations

from datetime import timedelta

# How long a case is somebody's; looking at it or writing a note begins the time anew.
LOCK_TIME = timedelta(minutes=10)
# How long a case is kept for whom it was given to: a working day and the night before it. Whoever is away holds nothing
# up for longer, and the shortest target times of the queues are a day too.
ASSIGNED_TIME = timedelta(hours=24)
# So many cases are settled or given away at once. The kinds whose cases are looked at one by one, always.
BULK_MAX = 50
NEVER_IN_BULK = frozenset({"verification", "payout"})

# Rows on a page of a queue and of the logs, and of the lists beside the figures.
QUEUE_PAGE = 30
LOG_PAGE = 50
TOP_ROWS = 5
OWN_CASES = 8
# Days that the sign-in log's figures cover unless told, and at most.
FIGURES_DAYS = 14
FIGURES_DAYS_MAX = 92
# A file holds no more rows than this; the filter has to be narrowed then.
CSV_ROWS_MAX = 100_000
NOTE_MAX = 4000
# A kept text, and its title.
CANNED_MAX = 2000
CANNED_TITLE_MAX = 80
REASONS_PAGE = 30
EDIT_REASONS = "users.staff_edit_reasons"
# Comparisons with providers that the trial balance shows.
COMPARISONS_SHOWN = 10
ANALYTICS = "users.staff_view_analytics"
# Public numbers: below this they are not shown exactly; so many months.
SHOWN_FROM = 5
MONTHS_SHOWN = 24
TRANSPARENCY_PER_MINUTE = 60
# Days that analytics can cover.
ANALYTICS_DAYS = (7, 30, 90)
