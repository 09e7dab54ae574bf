"""How this app's operations are described: the groups of the document, and its old names."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.views import APIView

ACCOUNT = ["Account"]
SIGN_IN = ["Sign-in"]
SECOND_FACTOR = ["Second factor"]
PASSKEYS = ["Passkeys"]
DEVICES = ["Devices"]
PRIVACY = ["Privacy"]
NOTIFICATIONS = ["Notifications"]


def old_name_of(view: type[APIView], path: str) -> type[APIView]:
    """`view`, whose only method is POST, under the path that it had before; `path` is what to use instead."""
    old_name = type(f"{view.__name__}OldName", (view,), {})
    described = extend_schema(deprecated=True, description=f"The old name of `{path}`; use that.")
    return extend_schema_view(post=described)(old_name)
