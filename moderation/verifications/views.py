"""Pages of one's own verification, and a document as its reviewer sees it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound, Problem
from security.client_ip import client_of
from users.requests import user_of

from ..errors import NotYourCase
from ..staff import StaffPage
from . import selectors
from .constants import FILE_MAX_BYTES, PERMISSION, VERIFICATIONS_PER_MINUTE
from .forms import VerificationForm
from .services import files, requests
from .words import reason_of


@require_safe
@login_required
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """Where one is with it, and all one's requests."""
    user = user_of(request)
    standing = selectors.get_standing(user=user)
    rows = [(row, reason_of(verification=row)) for row in selectors.list_own(user=user)[:20]]
    return render(request, "moderation/verifications/overview.html", {"standing": standing, "rows": rows})


@per_minute("verifications", VERIFICATIONS_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Send a document and a selfie in."""
    user = user_of(request)
    context = {"standing": selectors.get_standing(user=user), "max_bytes": FILE_MAX_BYTES, "texts": _texts()}
    if request.method != "POST":
        return render(request, "moderation/verifications/new.html", {"form": VerificationForm(), **context})
    form = VerificationForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            requests.submit(user=user, ip=client_of(request=request).ip, **form.as_fields())
        except Problem as problem:
            form.add_problem(problem)
        else:
            messages.success(request, _("Sent. We tell you as soon as somebody has looked at it."))
            return redirect("trust:verifications")
    status = form.problem.status if form.problem else 422
    return render(request, "moderation/verifications/new.html", {"form": form, **context}, status=status)


def _texts() -> dict[str, str]:
    """For `frontend/src/verification.ts`. Names in braces are filled by the script."""
    return {
        "alt_document": _("The picture of the document that you chose"),
        "alt_selfie": _("The picture of your face that you chose"),
        "failed": _("The connection broke off. Try again; nothing was kept."),
        "missing_consent": _("We may look at your document only if you agree to it."),
        "missing_document": _("Choose a picture of your document."),
        "missing_selfie": _("Choose a picture of your face."),
        "no_picture": _("This is not a JPEG, PNG or WebP picture, or it is damaged."),
        "sending": _("{percent} % sent"),
        "storing": _("Looking whether both can be read …"),
        "too_large": _("Choose a picture of at most 25 MB."),
    }


@require_POST
@login_required
@never_cache
def withdraw(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take an open request back, or have the pictures of a decided one destroyed now."""
    try:
        requests.destroy_now(user=user_of(request), uid=uid)
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.title))
    else:
        messages.success(request, _("Done. Nobody can open these pictures any more."))
    return redirect("trust:verifications")


class FilePage(StaffPage):
    """A picture of a request, for who works on its case; every look is written down.

    Everybody else gets 403, whether there is such a picture or not.
    """

    permission = PERMISSION
    outsiders = NotYourCase

    def get(self, request: HttpRequest, uid: uuid.UUID, kind: str) -> HttpResponse:
        client = client_of(request=request)
        data = files.look(staff=self.staff, sign_in=self.sign_in, client=client, uid=uid, kind=kind)
        answer = HttpResponse(data, content_type="image/webp")
        answer["Cache-Control"] = "no-store, private"
        answer["Content-Disposition"] = "inline"
        return answer
