from __future__ import annotations

from rest_framework import serializers

from ..constants import AGES, QUERY_MAX, SEARCH_NAME_MAX, SEARCH_QUERY_MAX, SORTS, TOPIC_MAX
from ..models import SavedSearch
from ..names import is_language


class DiscoverQuery(serializers.Serializer[None]):
    """What discovery filters by, and in which order; everything may be left out."""

    q = serializers.CharField(
        max_length=QUERY_MAX,
        required=False,
        default="",
        allow_blank=True,
        help_text="words, all of which have to begin a word of the name, the headline, the topics, the place or the "
        "text; accents and case do not matter; a single letter has to be a whole word",
    )
    min_price = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="hundredths of a credit"
    )
    max_price = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="hundredths of a credit"
    )
    min_age = serializers.IntegerField(min_value=AGES[0], max_value=AGES[1], required=False)
    max_age = serializers.IntegerField(min_value=AGES[0], max_value=AGES[1], required=False)
    online = serializers.BooleanField(required=False, default=False, help_text="true: only who is online now")
    verified = serializers.BooleanField(required=False, default=False, help_text="true: only who was verified")
    language = serializers.ListField(
        child=serializers.CharField(max_length=12, allow_blank=True),
        required=False,
        default=list,
        max_length=20,
        help_text="BCP 47 code; given more than once, one of them is enough",
    )
    topic = serializers.CharField(
        max_length=TOPIC_MAX, required=False, default="", allow_blank=True, help_text="exactly, case aside"
    )
    sort = serializers.ChoiceField(
        choices=list(SORTS),
        required=False,
        default="",
        allow_blank=True,
        help_text="without one: best with `q`, else newest. `answer`: likely to answer first",
    )

    def validate_language(self, codes: list[str]) -> list[str]:
        codes = [code for code in codes if code]
        if not all(is_language(code=code) for code in codes):
            raise serializers.ValidationError("Not a language.", code="unknown")
        return codes


class SavedSearchIn(serializers.Serializer[SavedSearch]):
    name = serializers.CharField(max_length=SEARCH_NAME_MAX)
    page = serializers.ChoiceField(choices=SavedSearch.Page.choices, required=False, default="discover")
    query = serializers.CharField(
        max_length=4 * SEARCH_QUERY_MAX, help_text="a query string of that page, such as `q=clay&max_price=100`"
    )


class SearchNameIn(serializers.Serializer[SavedSearch]):
    name = serializers.CharField(max_length=SEARCH_NAME_MAX)


class SavedSearchOut(serializers.Serializer[SavedSearch]):
    id = serializers.UUIDField(source="uid")
    name = serializers.CharField()
    page = serializers.ChoiceField(choices=SavedSearch.Page.choices)
    query = serializers.CharField(help_text="as the page reads it: prices in credits")
    created_at = serializers.DateTimeField()
