"""The texts of reasons and vetoes by their stable codes. Codes are stored; texts are made when they are shown."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from .types import Reason

TEXTS: dict[str, StrPromise] = {
    # why a layer does not know
    "timed_out": _("The check took too long"),
    "busy": _("Too many checks were hanging to begin another"),
    "failed": _("The check failed"),
    "picture_unreadable": _("The picture could not be read"),
    "card_not_found": _("No card or page was found in the picture"),
    "no_metadata": _("The picture carries no metadata: messengers and browsers remove it"),
    "too_few_fields": _("Too few lines of text were found to compare them with each other"),
    "too_coarse": _("The picture is too small or too blurred for this check"),
    "vision_unavailable": _("The vision model did not answer"),
    "vision_answer_invalid": _("The vision model's answer did not have the agreed form"),
    "vision_offline": _("No vision model looked at the picture, only the checks of this machine"),
    "text_not_read": _("The text of the document was not read"),
    "mrz_not_read": _("The machine-readable zone was not read with certainty"),
    "lookup_missing": _("Earlier documents could not be searched"),
    "chain_missing": _("The entry in the transparency log could not be verified"),
    "chain_waiting": _("The entry is not in a signed head of the transparency log yet"),
    "places_unknown": _("Too few countries are known to compare them"),
    # metadata
    "editor_named": _("The metadata name a picture editor: %(name)s"),
    "editor_traces": _("The file carries data that picture editors leave"),
    "thumbnail_differs": _("The preview inside the file shows another picture"),
    "dates_disordered": _("The file's dates contradict each other"),
    "date_in_future": _("The file's date lies in the future"),
    "saved_later": _("The file was saved again after it was taken"),
    "tables_unlike_make": _("The compression is not that of the camera that is named"),
    "size_differs": _("The metadata name another size of the picture"),
    "manifest_present": _("A C2PA manifest is present; its signature was not verified"),
    "manifest_edited": _("The C2PA manifest tells of editing"),
    "manifest_generated": _("The C2PA manifest tells of a generated picture"),
    # pixels
    "field_unlike_siblings": _("A part of the card differs from the others: error level, noise or sharpness"),
    "screen_pattern": _("A pattern as of a screen or print: perhaps a picture of a picture"),
    # vision
    "vision_tampering": _("The vision model saw signs of tampering: %(signs)s"),
    "vision_recapture": _("The vision model saw a screen or a printout"),
    "vision_not_document": _("The vision model saw no identity document"),
    "vision_class_differs": _("The vision model saw another kind of document than was declared"),
    "vision_country_differs": _("The vision model read another country than was declared"),
    "vision_fields_differ": _("What the vision model read differs from the form: %(fields)s"),
    "text_for_machines": _("The card carries text that speaks to who reads it by machine"),
    "template_differs": _("Shape or parts do not fit the declared kind of document"),
    # database
    "mrz_check_digit": _("A check digit of the machine-readable zone is wrong: %(fields)s"),
    "mrz_form_differs": _("Machine-readable zone and form differ: %(fields)s"),
    "mrz_text_differs": _("Machine-readable zone and printed text differ: %(fields)s"),
    "text_form_differs": _("Printed text and form differ: %(fields)s"),
    "mrz_absent": _("The declared kind of document has a machine-readable zone, this one shows none"),
    "under_age": _("The person is under 18"),
    "expired": _("The document has expired"),
    "number_used": _("Another account submitted a document of this number"),
    "number_other_name": _("The same document was submitted with another name"),
    "portrait_used": _("Another account's document bears a portrait like this one"),
    "zone_used": _("Another account's document bears a machine-readable zone like this one"),
    # chain
    "file_changed": _("The file is not the one that was uploaded"),
    "entry_missing": _("The transparency log has no entry of this file"),
    "entry_wrong": _("The entry in the transparency log does not verify"),
    # geography
    "ip_country_differs": _("The address is of %(found)s, the document of %(document)s"),
    "hosting_network": _("The address belongs to a hosting network: %(network)s"),
    "declared_country_differs": _("The declared country is %(found)s, the document's %(document)s"),
    "gps_country_differs": _("The picture was taken in %(found)s, the document is of %(document)s"),
    "card_country_differs": _("The payment card is of %(found)s, the document of %(document)s"),
    "bank_country_differs": _("The bank account is of %(found)s, the document of %(document)s"),
}
VETOES: dict[str, StrPromise] = {
    "mrz_check_digit": _("A check digit of the machine-readable zone is wrong"),
    "duplicate_document": _("The document was submitted before, by somebody else"),
    "under_age": _("The person is under 18"),
}


def text(*, reason: Reason) -> str:
    """The reason in words, in the language of who reads it now."""
    return str(TEXTS[reason.code]) % reason.values


def veto_text(*, code: str) -> str:
    return str(VETOES[code])
