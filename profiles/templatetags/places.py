from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from ..constants import BUCKETS_KM

register = template.Library()


@register.filter
def bucket_text(bucket: int) -> str:
    """A bucket of `constants.BUCKETS_KM` in words: "Under 5 km"."""
    if bucket == 0:
        return _("Under %(km)d km") % {"km": BUCKETS_KM[0]}
    return _("%(low)d to %(high)d km") % {"low": BUCKETS_KM[bucket - 1], "high": BUCKETS_KM[bucket]}
