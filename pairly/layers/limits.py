"""The layer that counts requests and refuses those of banned networks.

What is the same for everybody and asked for by machines is not counted: files, health, webhooks of the providers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem, RateLimited
from pairly.common.threads import in_thread
from pairly.layers.refusals import answer
from security import event_log, request_limits
from security.ban_list import ban_list
from security.client_ip import client_of, is_of_a_proxy, network_of
from security.services import bans
from security.types import RequestDecision, Window
from users import access_tokens
from users.models import User

_EXEMPT = re.compile(
    r"/static/|/media/|(/api(/v1)?)?/(health|ready|metrics)$|/api/$|/api(/v1)?/payments/webhook(/|$)"
    r"|/(service-worker\.js|manifest\.webmanifest|offline/)$"  # browsers ask for them by themselves
)
_REFUSED = (401, 403, 429)
_SEEN = "_pairly_counted"


class IpBanned(Problem):
    code, status, title = "ip_banned", 403, _("Requests from your network are refused for a while")


class BanMiddleware:
    """Refuses what comes from a banned network, before anything is asked of Redis or PostgreSQL."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _EXEMPT.match(request.path) and (refused := _refuse_banned(request)) is not None:
            return refused
        return self._get_response(request)


class LimitMiddleware:
    """Counts each request once: against its account, or its network when nobody is signed in, and against the limit
    of its view (`pairly.common.per_minute`). Every counted answer tells of the limit that is nearest.

    Stands below what finds the sign-in, for a network may be an office full of people.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _EXEMPT.match(request.path):
            return self._get_response(request)
        response = self._get_response(request)
        decision: RequestDecision | None = getattr(request, _SEEN, None)
        if decision is None:  # no view was found, or a layer above refused: it counts all the same
            decision = _count(request, own=None)
            if not decision.allowed:
                response = answer(request=request, problem=_problem(decision))
        elif response.status_code in _REFUSED and not decision.n_strikes:
            _strike(request)
        _tell(response, decision)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse what is over a limit, or banned since a moment ago."""
        if _EXEMPT.match(request.path):
            return None
        found = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
        decision = _count(request, own=getattr(found, "per_minute", None))
        if ban_list.is_news(version=decision.bans_version) and (refused := _refuse_banned(request)) is not None:
            return refused
        if decision.allowed:
            return None
        event_log.write(action="limit.refused", outcome="failure", severity="notice", reason="requests")
        return answer(request=request, problem=_problem(decision))


def ip_of(*, scope: dict[str, Any]) -> str:
    """The address of the client of an ASGI scope."""
    chains = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    request = HttpRequest()
    request.META = {
        "REMOTE_ADDR": (scope.get("client") or [""])[0],
        "HTTP_X_FORWARDED_FOR": ",".join(chains),
    }
    return client_of(request=request).ip


def is_banned(*, ip: str) -> bool:
    """Whether an address is of a banned network."""
    return ban_list.confirm(ip=ip, find_version=request_limits.find_version) is not None


def refuse_banned_sockets(application: Callable[..., Any]) -> Callable[..., Any]:
    """The ASGI application for sockets, closed to banned networks before the handshake; `network` in the scope is what
    a limit counts by."""

    async def guarded(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        ip = ip_of(scope=scope)
        if await in_thread(is_banned)(ip=ip):
            await receive()
            await send({"type": "websocket.close", "code": 4403})
            return
        await application({**scope, "network": network_of(ip=ip)}, receive, send)

    return guarded


def _count(request: HttpRequest, *, own: tuple[str, int] | None) -> RequestDecision:
    network = network_of(ip=client_of(request=request).ip)
    account = _account_of(request)
    key = account or network
    windows = [
        Window("account", key, settings.LIMIT_ACCOUNT_PER_MINUTE)
        if account
        else Window("anonymous", key, settings.LIMIT_ANONYMOUS_PER_MINUTE)
    ]
    if own is not None:
        windows.append(Window(own[0], key, own[1]))
    decision = request_limits.count(
        windows=windows, network=network, is_strike=account is None, max_strikes=settings.LIMIT_BAN_PER_MINUTE
    )
    setattr(request, _SEEN, decision)
    _ban_if_flood(request, decision)
    return decision


def _strike(request: HttpRequest) -> None:
    """A refusal that was allowed to ask counts towards a ban as well."""
    network = network_of(ip=client_of(request=request).ip)
    decision = request_limits.count(
        windows=(), network=network, is_strike=True, max_strikes=settings.LIMIT_BAN_PER_MINUTE
    )
    _ban_if_flood(request, decision)


def _ban_if_flood(request: HttpRequest, decision: RequestDecision) -> None:
    if decision.n_strikes >= settings.LIMIT_BAN_PER_MINUTE and not is_of_a_proxy(request=request):
        bans.ban_for_flood(ip=client_of(request=request).ip)


def _account_of(request: HttpRequest) -> str | None:
    """The account that a request speaks for, as far as can be told without a query; the view decides whether its
    sign-in still lives.
    """
    if isinstance(request.user, User):
        return str(request.user.uid)
    scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        return str(access_tokens.read(token=token.strip()).user_id)
    except access_tokens.BadToken:
        return None


def _refuse_banned(request: HttpRequest) -> HttpResponse | None:
    ip = client_of(request=request).ip
    until = ban_list.confirm(ip=ip, find_version=request_limits.find_version)
    if until is None:
        return None
    seconds = (until - timezone.now()).total_seconds()
    problem = IpBanned(_("Try again later, or from another network."), retry_after_s=seconds, until=until.isoformat())
    return answer(request=request, problem=problem)


def _problem(decision: RequestDecision) -> RateLimited:
    return RateLimited(retry_after_s=decision.retry_after_s)


def _tell(response: HttpResponseBase, decision: RequestDecision) -> None:
    response["X-RateLimit-Limit"] = str(decision.limit)
    response["X-RateLimit-Remaining"] = str(decision.remaining)
    response["X-RateLimit-Reset"] = str(math.ceil(decision.reset_after_s))
