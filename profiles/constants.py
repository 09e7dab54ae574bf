from __future__ import annotations

from datetime import timedelta

BIO_MAX = 2_000
NAME_MAX = 80
HEADLINE_MAX = 120
CITY_MAX = 80
LANGUAGES_MAX = 8
TOPICS_MAX = 8
TOPIC_MAX = 40
# How often in 24 hours somebody may move to another cell: who could follow every step would learn the way home.
PLACE_CHANGES_A_DAY = 3
CELL_SIZES_KM = (1, 5, 20)
CELL_KM_DEFAULT = 20
LIST_NAME_MAX = 60
SEARCH_NAME_MAX = 60
# Requests a minute of one account to profiles, its own and others'.
PROFILE_PER_MINUTE = 60

# As PostgreSQL and Python both read them; the database checks the same.
COUNTRY_PATTERN = r"^[A-Z]{2}$"  # ISO 3166 alpha-2
LANGUAGE_PATTERN = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?"  # BCP 47: language, script, region
TOPIC_PATTERN = r"[^,[:space:]]([^,[:cntrl:]]{0,38}[^,[:space:]])?"  # PostgreSQL's classes

# What the form offers; a profile may name any other known language through the API.
OFFERED_LANGUAGES = (
    "ar", "bn", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "ga", "gu", "he", "hi", "hu", "id", "ig",
    "it", "ja", "kn", "ko", "mi", "ml", "mr", "ms", "nb", "nl", "pa", "pl", "pt", "pt-BR", "ro", "ru", "sl", "sv", "sw",
    "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh-Hans", "zh-Hant",
)  # fmt: skip

# Pictures: what is stored of each, in pixels of width, and what is refused.
PORTRAIT_WIDTHS = (96, 192, 384, 640)
GALLERY_WIDTHS = (320, 640, 960)
GALLERY_MAX = 12
ALT_MAX = 200
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP")
PICTURE_MAX_BYTES = 10_000_000
PICTURE_MAX_PIXELS = 40_000_000
PICTURE_MIN_SIDE_PX = 64
PICTURE_MAX_RATIO = 4  # the longer side over the shorter one

# -- discovery
QUERY_MAX = 80
AGES = (18, 120)
SORTS = ("best", "newest", "price", "-price", "active", "answer")
SEARCHES_MAX = 20
SEARCH_QUERY_MAX = 1_000
# -- nearby and places
# A distance is told as one of these: under 5 km, 5 to 10, ... The last one is also how far nearby looks at most.
BUCKETS_KM = (5, 10, 25, 50, 100)
RADIUS_KM_DEFAULT = 25
PLACES_PER_MINUTE = 120
# -- pictures
JPEG_MAX_SCANS = 64  # a progressive one has about ten
PROFILE_MAX_BYTES = 3_000_000  # of colours; those of print are the largest
DECODERS = 2
DECODER_WAIT_S = 10
# How long a signed address of a picture that is not for everyone works.
PICTURE_URL_S = 300
UPLOADS_PER_MINUTE = 30
PICTURE_CHANGES_PER_MINUTE = 60
# How long an upload that was called off is remembered: longer than any takes.
UPLOAD_CANCELLED_S = 3_600
# Files that no row names are deleted when they are this old: before, their row may be on its way.
STRAY_FILE_AGE = timedelta(days=1)
# -- people one knows
LISTS_MAX = 20  # of one person
LIST_ENTRIES_MAX = 200
# How many people somebody may ask to connect in 24 hours, and after how many days again who declined.
CONNECTIONS_ASKED_A_DAY = 20
ASK_AGAIN_DAYS = 30
# -- visits and facts
# Facts of the last so many days are told, and only from so many paid messages on.
FACTS_WINDOW = timedelta(days=90)
FACTS_MIN_PAID = 10
FACTS_STEPS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)  # how the number of them is told
VISITS_KEPT_DAYS = 90
# -- presence and visibility
# How long somebody may be away at a time, and how much they may say about it.
AWAY_DAYS_MAX = 60
AWAY_NOTE_MAX = 200
