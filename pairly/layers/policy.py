"""The Content-Security-Policy of every answer, put together once for each of the few forms that it has."""

from __future__ import annotations

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponseBase

_FORMS_MAX = 100


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, which builds the text anew for each answer. We use no nonce: there is no inline script or style."""

    def process_request(self, request: HttpRequest) -> None:
        """No nonce to make."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        parts = self.get_policy_parts(request=request, response=response)
        if HEADER not in response.headers and not getattr(response, "_csp_exempt", False):
            form = repr((parts.config, parts.update, parts.replace))
            policy = _policies.get(form)
            if policy is None:
                policy = build_policy(config=parts.config, update=parts.update, replace=parts.replace)
                if len(_policies) < _FORMS_MAX:
                    _policies[form] = policy
            response.headers[HEADER] = policy
        return response


_policies: dict[str, str] = {}
