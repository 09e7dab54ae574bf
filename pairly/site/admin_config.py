from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin with our own site: behind the doors of staff, to read."""

    default_site = "pairly.site.staff_admin.StaffAdminSite"
