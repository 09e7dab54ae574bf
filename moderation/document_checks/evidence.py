"""What several layers look at. Each part is worked out once, by whichever layer asks first; the others wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

from . import cards, containers, mrz_reading, ocr
from .cards import Card
from .containers import Container, Metadata
from .errors import NotAssessable
from .images import Bytes, Picture, decode
from .mrz_reading import ZoneReading
from .types import CheckSettings, Inputs

T = TypeVar("T")
OCR_SHARE = 0.75  # of a layer's time; the rest is for finding the card and comparing


class Evidence:
    """One submission under examination. Raises NotAssessable for what there is not."""

    def __init__(self, *, inputs: Inputs, settings: CheckSettings) -> None:
        self.inputs, self.settings = inputs, settings
        self._known: dict[str, Any] = {}
        self._locks = {name: threading.Lock() for name in ("picture", "card", "reading", "text")}

    @property
    def picture(self) -> Picture:
        return self._once("picture", lambda: decode(data=self.inputs.document))

    @property
    def card(self) -> Card:
        """The card laid flat; upside down where it was photographed so."""
        return self._once("card", self._find_card)

    @property
    def reading(self) -> ZoneReading | None:
        """The machine-readable zone; None where there is none."""
        return self._once("reading", lambda: mrz_reading.read(flat=self.card.rgb))

    @property
    def flat(self) -> Bytes:
        """The card's pixels, the right way up as far as the zone tells."""
        reading = self.reading
        return self.card.rgb[::-1, ::-1] if reading is not None and reading.is_upside_down else self.card.rgb

    @property
    def text(self) -> str:
        """The card's text by the OCR program."""
        return self._once("text", self._read_text)

    @cached_property
    def container(self) -> Container:
        return containers.read(self.inputs.document)

    @cached_property
    def metadata(self) -> Metadata:
        return containers.metadata(self.inputs.document)

    def _find_card(self) -> Card:
        card = cards.find(rgb=self.picture.rgb)
        if card is None:
            raise NotAssessable("card_not_found")
        return card

    def _read_text(self) -> str:
        seconds = self.settings.layer_seconds * OCR_SHARE
        return ocr.read(flat=self.flat, program=self.settings.tesseract, seconds=seconds)

    def _once(self, name: str, work: Callable[[], T]) -> T:
        with self._locks[name]:
            if name not in self._known:
                try:
                    self._known[name] = work()
                except NotAssessable as error:
                    self._known[name] = error
        found = self._known[name]
        if isinstance(found, NotAssessable):
            raise NotAssessable(found.code)
        return cast(T, found)
