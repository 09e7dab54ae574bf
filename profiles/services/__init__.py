"""Writing profiles and their pictures."""

from __future__ import annotations

from .pictures import (
    add_picture,
    cancel_upload,
    change_picture,
    move_picture,
    order_gallery,
    remove_from_gallery,
    remove_picture,
    remove_portrait,
)
from .profiles import (
    check_fields,
    create_for_new_user,
    create_profile,
    delete_profile,
    update_profile,
)

__all__ = [
    "add_picture",
    "cancel_upload",
    "change_picture",
    "check_fields",
    "create_for_new_user",
    "create_profile",
    "delete_profile",
    "move_picture",
    "order_gallery",
    "remove_from_gallery",
    "remove_picture",
    "remove_portrait",
    "update_profile",
]
