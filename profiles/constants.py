from __future__ import annotations

BIO_MAX = 2_000
NAME_MAX = 80

# The orders of discovery by their public name; each ends in a unique column.
SORTS = {
    "newest": ("-id",),
    "price": ("price_per_message_centi", "-id"),
    "-price": ("-price_per_message_centi", "-id"),
}
