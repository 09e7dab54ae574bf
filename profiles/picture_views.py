from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound, Problem
from users import selectors as users
from users.models import User
from users.requests import find_user_of, user_of

from . import picture_links, picture_selectors, selectors, services
from .constants import GALLERY_MAX, PICTURE_CHANGES_PER_MINUTE, PICTURE_MAX_BYTES
from .models import Picture
from .picture_forms import PictureForm, UploadForm
from .services import files

# Where the page's script puts the uid of a picture that it has just added.
NEW = uuid.UUID(int=0)
PAGE = "profiles/pictures.html"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tile:
    """A picture of the gallery with its form."""

    uid: uuid.UUID
    form: PictureForm
    number: int
    picture: Picture | None = None


@per_minute("picture-page", PICTURE_CHANGES_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def pictures(request: HttpRequest) -> HttpResponse:
    """The owner's portrait and gallery, and a form for one more picture of each."""
    if request.method != "POST":
        return _page(request)
    kind = request.POST.get("kind", "")
    form = UploadForm(request.POST, request.FILES, kind=kind if kind in Picture.Kind.values else Picture.Kind.GALLERY)
    if not form.is_valid():
        return _page(request, upload=form, status=422)
    try:
        services.add_picture(user=user_of(request), **form.as_fields())
    except Problem as problem:
        form.add_problem(problem)
        return _page(request, upload=form, status=problem.status)
    messages.success(request, _("Your picture is added."))
    return redirect("profiles:pictures")


@per_minute("picture-page", PICTURE_CHANGES_PER_MINUTE)
@require_POST
@login_required
@never_cache
def change(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Describe a picture, or choose who sees it."""
    user = user_of(request)
    picture = picture_selectors.get_own_picture(user=user, uid=uid)
    form = PictureForm(request.POST, kind=picture.kind, auto_id=f"{uid}-%s")
    if not form.is_valid():
        return _page(request, changed=(uid, form), status=422)
    try:
        services.change_picture(user=user, uid=uid, **form.cleaned_data)
    except Problem as problem:
        form.add_problem(problem)
        return _page(request, changed=(uid, form), status=problem.status)
    messages.success(request, _("Your picture is changed."))
    return redirect("profiles:pictures")


@per_minute("picture-page", PICTURE_CHANGES_PER_MINUTE)
@require_POST
@login_required
@never_cache
def move(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Move a picture of the gallery a place towards the front (`earlier`) or the end."""
    services.move_picture(user=user_of(request), uid=uid, by=-1 if request.POST.get("to") == "earlier" else 1)
    return redirect(f"{reverse('profiles:pictures')}#p-{uid}")


@per_minute("picture-page", PICTURE_CHANGES_PER_MINUTE)
@require_POST
@login_required
@never_cache
def remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Remove a picture with its files."""
    services.remove_picture(user=user_of(request), uid=uid)
    messages.success(request, _("Your picture is removed."))
    return redirect("profiles:pictures")


@require_safe
def picture_file(request: HttpRequest, uid: uuid.UUID, width: int) -> HttpResponse:
    """A picture that is not for everyone, for who may see it now: by the session, or by a signed address."""
    picture = picture_selectors.get_shown_picture(user=_viewer(request, uid, width), uid=uid)
    response = HttpResponse(
        files.read_picture(picture=picture, width=width),
        content_type="image/webp",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
    if settings.CORS_ALLOWED_ORIGINS:
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _page(
    request: HttpRequest,
    *,
    upload: UploadForm | None = None,
    changed: tuple[uuid.UUID, PictureForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; `upload` and `changed` are forms that were refused."""
    user = user_of(request)
    profile = selectors.get_own_profile(user=user)
    refused = dict([changed] if changed else [])
    forms = {kind: UploadForm(kind=kind) for kind in Picture.Kind.values}
    if upload is not None:
        forms[upload.initial["kind"]] = upload
    context: dict[str, Any] = {
        "portrait": _tile(profile.portrait, 0, refused) if profile.portrait else None,
        "gallery": [_tile(one, number, refused) for number, one in enumerate(profile.whole_gallery, start=1)],
        "new": _Tile(uid=NEW, form=_form(None), number=0),
        "portrait_form": forms[Picture.Kind.PORTRAIT],
        "gallery_form": forms[Picture.Kind.GALLERY],
        "most": GALLERY_MAX,
        "max_bytes": PICTURE_MAX_BYTES,
        "display_name": profile.display_name,
        "texts": _upload_texts(),
    }
    return render(request, PAGE, context, status=status)


def _upload_texts() -> dict[str, str]:
    """For `frontend/src/pictures/`. Names in braces are filled by the script."""
    return {
        "added": _("{name} is added."),
        "all_added": _("All pictures are added."),
        "cancelled": _("Called off. Nothing of it was kept."),
        "cancel_failed": _("It could not be called off. Load the page again to see whether it was added."),
        "cancelling": _("Calling it off …"),
        "done": _("Added"),
        "failed": _("The connection broke off. Try again; nothing was kept."),
        "failed_one": _("{name}: the connection broke off."),
        "refused": _("{name} was not added: {why}"),
        "sending": _("{percent} % sent"),
        "storing": _("Making it ready …"),
        "too_large": _("Choose a picture of at most 10 MB."),
        "waiting": _("Waiting"),
    }


def _tile(picture: Picture, number: int, refused: dict[uuid.UUID, PictureForm]) -> _Tile:
    return _Tile(uid=picture.uid, form=refused.get(picture.uid) or _form(picture), number=number, picture=picture)


def _form(picture: Picture | None) -> PictureForm:
    if picture is None:
        return PictureForm(kind=Picture.Kind.GALLERY, auto_id=f"{NEW}-%s")
    initial = {"alt": picture.alt, "audience": picture.audience}
    return PictureForm(kind=picture.kind, auto_id=f"{picture.uid}-%s", initial=initial)


def _viewer(request: HttpRequest, uid: uuid.UUID, width: int) -> User | None:
    if "signature" not in request.GET:
        return find_user_of(request)
    viewer = picture_links.find_viewer(picture_uid=uid, width=width, values=request.GET.dict())
    found = users.find_user_who_can_come_in(uid=viewer) if viewer else None
    if found is None:
        raise NotFound()
    return found
