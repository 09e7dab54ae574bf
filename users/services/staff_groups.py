"""The groups of staff in the database, brought up to `roles.ROLES` after every migrate."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from ..roles import ROLES


def bring_up_to_date(**_signal: Any) -> None:
    """Make every role a group with exactly its permissions: missing ones are added, others taken away. Idempotent.

    Receiver of `post_migrate` for this app: Django has made the permissions themselves by then.
    """
    with transaction.atomic():
        permissions = {row.codename: row for row in Permission.objects.filter(content_type__app_label="users")}
        for role, codenames in ROLES.items():
            group, _is_new = Group.objects.get_or_create(name=role)
            group.permissions.set([permissions[codename] for codename in codenames])
