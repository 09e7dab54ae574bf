"""Errors as facts with a stable code, and their one rendering as RFC 9457 problem documents."""

from __future__ import annotations

import math
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import Error as DatabaseError
from django.http import Http404, JsonResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from rest_framework import exceptions as drf
from rest_framework.response import Response

from .database_health import is_of_availability

log = structlog.get_logger(__name__)

RETRY_SECONDS = 2
PROBLEM_JSON = "application/problem+json"


class Problem(Exception):
    """A refusal that a caller can act on. Subclasses name the fact; services raise them, doors render them.

    `code` is stable and part of the API; `detail` is translated and says what to do next; `extra` holds
    further members of the document (RFC 9457 section 3.2), e.g. `price_centi`.
    """

    code: str = "conflict"
    status: int = 409
    title: StrOrPromise = _("The request could not be carried out")

    def __init__(
        self,
        detail: StrOrPromise = "",
        *,
        errors: list[dict[str, str]] | None = None,
        retry_after_s: float | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(self.code)
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s
        self.extra = extra

    def document(self) -> dict[str, Any]:
        """The problem document: `type, title, status, detail, code` and the extra members."""
        body: dict[str, Any] = {
            "type": f"https://pairly.example/problems/{self.code}",
            "title": str(self.title),
            "status": self.status,
            "detail": str(self.detail or self.title),
            "code": self.code,
            **self.extra,
        }
        if self.errors:
            body["errors"] = self.errors
        return body

    def headers(self) -> dict[str, str]:
        """`Retry-After` in whole seconds where waiting helps."""
        if self.retry_after_s is None:
            return {}
        return {"Retry-After": str(max(1, math.ceil(self.retry_after_s)))}


class NotFound(Problem):
    code, status, title = "not_found", 404, _("There is nothing here, or it is not yours to see")


class InvalidInput(Problem):
    code, status, title = "invalid", 422, _("Some values need to be corrected")


class MalformedRequest(Problem):
    code, status, title = "malformed", 400, _("The request could not be read")


class NotAuthenticated(Problem):
    code, status, title = "not_authenticated", 401, _("Sign in to go on")


class Forbidden(Problem):
    code, status, title = "forbidden", 403, _("You are not allowed to do this")


class TooLarge(Problem):
    code, status, title = "too_large", 413, _("The request is too large")


class RateLimited(Problem):
    code, status, title = "rate_limited", 429, _("Too many requests; wait a moment and try again")


class Overloaded(Problem):
    code, status, title = "overloaded", 503, _("Pairly is busy; try again in a few seconds")


class IdempotencyConflict(Problem):
    code, status, title = "idempotency_conflict", 409, _("This request id was already used for another request")


def as_problem(error: BaseException) -> Problem | None:
    """The Problem that stands for `error`, or None when the error is a defect of ours."""
    match error:
        case Problem():
            return error
        case Http404():
            return NotFound()
        case RequestDataTooBig():
            return TooLarge()
        case PermissionDenied():
            return Forbidden()
        case DatabaseError() if is_of_availability(error):
            return Overloaded(retry_after_s=RETRY_SECONDS)
        case Exception() if _is_of_the_bucket(error):
            log.warning("bucket_failed", error=type(error).__name__, detail=str(error)[:200])
            return Overloaded(retry_after_s=RETRY_SECONDS)
        case drf.ValidationError():
            return InvalidInput(errors=_field_errors(error.detail))
        case drf.ParseError():
            return MalformedRequest(str(error.detail))
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return NotAuthenticated(str(error.detail))
        case drf.PermissionDenied():
            return Forbidden(str(error.detail))
        case drf.APIException():
            return _other_problem(error)
    return None


def _is_of_the_bucket(error: Exception) -> bool:
    """Told by where it is defined: the library is imported only where there is a bucket."""
    return type(error).__module__.partition(".")[0] in ("boto3", "botocore", "s3transfer")


def _other_problem(error: drf.APIException) -> Problem:
    codes = {
        404: "not_found",
        405: "method_not_allowed",
        406: "not_acceptable",
        413: "too_large",
        415: "unsupported_media_type",
    }
    problem = Problem(str(error.detail))
    # Rare framework refusals: code and status belong to the instance, not to a class of their own.
    problem.status = error.status_code
    problem.code = codes.get(error.status_code, "refused")
    problem.title = gettext("Refused")
    return problem


def _field_errors(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    """DRF's nested error detail as RFC 9457 style rows with JSON pointers (RFC 6901)."""
    if isinstance(detail, dict):
        return [row for key, value in detail.items() for row in _field_errors(value, f"{pointer}/{key}")]
    if isinstance(detail, list):
        return [row for value in detail for row in _field_errors(value, pointer)]
    return [{"pointer": pointer, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}]


def problem_response(problem: Problem) -> JsonResponse:
    """The document as a plain Django response, for views outside DRF."""
    return JsonResponse(problem.document(), status=problem.status, content_type=PROBLEM_JSON, headers=problem.headers())


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception hook: every refusal of the API leaves as a problem document."""
    problem = as_problem(error)
    if problem is None:
        return None
    headers = problem.headers()
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(problem.document(), problem.status, headers=headers, content_type=PROBLEM_JSON)
