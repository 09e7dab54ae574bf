"""Writing profiles and their pictures."""

from __future__ import annotations

from .pictures import add_picture, remove_picture
from .profiles import (
    check_fields,
    create_for_new_user,
    create_profile,
    delete_profile,
    update_profile,
)

__all__ = [
    "add_picture",
    "check_fields",
    "create_for_new_user",
    "create_profile",
    "delete_profile",
    "remove_picture",
    "update_profile",
]
