from __future__ import annotations

BIO_MAX = 2_000
NAME_MAX = 80
HEADLINE_MAX = 120
CITY_MAX = 80
LANGUAGES_MAX = 8
TOPICS_MAX = 8
TOPIC_MAX = 40
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

# The orders of discovery by their public name; each ends in a unique column.
SORTS = {
    "newest": ("-id",),
    "price": ("price_per_message_centi", "-id"),
    "-price": ("-price_per_message_centi", "-id"),
}
