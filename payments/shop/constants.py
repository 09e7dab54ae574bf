from __future__ import annotations

import uuid
from datetime import timedelta

TITLE_MAX = 80
DESCRIPTION_MAX = 1_000
PICTURES_MAX = 10
ITEMS_MAX = 200  # of one creator, removed ones not counted

# What is kept of a picture, and what buyers are shown of it, in pixels of width; never larger than it came.
MASTER_WIDTHS = (1600,)
SHOWN_WIDTHS = (640, 1600)
# The preview: so many points along the longer side are all that it knows of the picture.
PREVIEW_POINTS = 12
PREVIEW_WIDTH = 480

# Pictures that are marked at once in one process, and how long the next one waits.
RENDERERS = 2
RENDERER_WAIT_S = 10
# How long a signed address of a picture works.
FILE_URL_S = 300

UNLOCKS_PER_MINUTE = 60
SHOP_PER_MINUTE = 60
PICTURES_PER_MINUTE = 30
PAGE = 24

# A ledger operation's id is uuid5 of the unlock in this namespace. Never change it.
OP_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://pairly.example/shop")

# Files that no row names are deleted when they are this old: before, their row may be on its way.
STRAY_FILE_AGE = timedelta(days=1)

# Pictures that look most like a leaked one, and how many of them, as it is or turned, are compared with it at most.
ALIKE = 8
COMPARED = 24
