"""Saved searches: a filter of discovery or nearby under a name, for nobody but its owner."""

from __future__ import annotations

import uuid
from urllib.parse import parse_qsl, urlencode

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput
from users.models import User

from .. import selectors
from ..constants import SEARCH_NAME_MAX, SEARCH_QUERY_MAX, SEARCHES_MAX
from ..errors import SearchNameTaken, TooManySearches
from ..models import SavedSearch

# What says where in the results one was, and not what one looked for.
_PLACES = frozenset({"after", "cursor", "limit", "csrfmiddlewaretoken"})


@transaction.atomic
def save_search(
    *, user: User, name: str, query: str, page: SavedSearch.Page | str = SavedSearch.Page.DISCOVER
) -> SavedSearch:
    """Keep `query`, a query string of `page`, under a name of 1 to 60 characters; blank and foreign parts are left
    out. Raises InvalidInput, SearchNameTaken (case aside), TooManySearches from SEARCHES_MAX on.
    """
    name, query = _tidy_name(name), _tidy_query(query)
    if page not in SavedSearch.Page.values:
        raise InvalidInput(errors=[_error("page", "unknown", _("Choose discover or nearby."))])
    _lock(user)
    if selectors.list_searches(user=user).count() >= SEARCHES_MAX:
        raise TooManySearches()
    search = SavedSearch(owner=user, name=name, page=page, query=query)
    return _keep(search, is_new=True)


@transaction.atomic
def rename_search(*, user: User, uid: uuid.UUID, name: str) -> SavedSearch:
    """Give one's own saved search another name. Raises NotFound, InvalidInput, SearchNameTaken."""
    search = selectors.get_search(user=user, uid=uid)
    search.name = _tidy_name(name)
    return _keep(search, is_new=False)


def delete_search(*, user: User, uid: uuid.UUID) -> None:
    """Forget one's own saved search. Raises NotFound."""
    selectors.get_search(user=user, uid=uid).delete()


def _lock(user: User) -> None:
    """One search of a person at a time: they are counted."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _keep(search: SavedSearch, *, is_new: bool) -> SavedSearch:
    try:
        with transaction.atomic():
            search.save(force_insert=is_new, update_fields=None if is_new else ["name"])
    except IntegrityError as error:  # search_name_once; the other rules were kept above
        errors = [_error("name", "taken", str(SearchNameTaken.title))]
        raise SearchNameTaken(errors=errors) from error
    return search


def _tidy_name(text: str) -> str:
    name = " ".join(text.replace("\0", " ").split())
    if not 0 < len(name) <= SEARCH_NAME_MAX:
        raise InvalidInput(errors=[_error("name", "length", _("Choose a name of 1 to 60 characters."))])
    return name


def _tidy_query(text: str) -> str:
    try:
        pairs = parse_qsl(text.lstrip("?"), max_num_fields=50)
    except ValueError:
        pairs = []
    query = urlencode([(key, value) for key, value in pairs if key not in _PLACES and value.strip()])
    if not query or len(query) > SEARCH_QUERY_MAX or "\0" in text or "%00" in query:
        raise InvalidInput(errors=[_error("query", "length", _("There is no filter to save; set one first."))])
    return query


def _error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": detail}
