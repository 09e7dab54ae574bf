"""Documents that were here before, as the checks ask for them; and what is kept of this one, for those that follow."""

from __future__ import annotations

from security.identifiers import keyed

from ...document_checks import hashing
from ...document_checks.types import Lookalike, NumberUse
from ...models import DocumentHash, Verification
from .. import selectors

Kind = DocumentHash.Kind
_SIGNED = 1 << 63


class EarlierDocuments:
    """Searches what is kept of other requests, and notes what it was asked for. Called from the checks' threads, one of
    which may go on after its time: take what is noted once, when the checks have answered."""

    def __init__(self, *, verification: Verification) -> None:
        self._own = verification
        self.country = ""
        self.hashes: dict[str, bytes] = {}
        self.looks: dict[str, int] = {}

    def number_uses(self, *, country: str, number: str, name: str) -> list[NumberUse]:
        """Earlier documents of this number, of the country too where one is known."""
        self.country = country
        for kind, value in ((Kind.NUMBER, f"{country}|{number}"), (Kind.NAME, name)):
            digest = keyed(what=f"document.{kind}", value=value)
            if digest is not None:
                self.hashes[str(kind)] = digest
        earlier = selectors.list_of_number(digest=self.hashes[Kind.NUMBER], but=self._own)
        same = self.hashes.get(Kind.NAME)
        return [
            NumberUse(is_same_person=user_id == self._own.user_id, is_same_name=not digest or digest == same)
            for user_id, digest in earlier
        ]

    def portraits_like(self, *, picture_hash: int) -> list[Lookalike]:
        """Portraits on other people's documents."""
        return self._like("portrait", picture_hash)

    def number_fields_like(self, *, picture_hash: int) -> list[Lookalike]:
        """The strips of other people's machine-readable zones."""
        return self._like("number_field", picture_hash)

    def _like(self, kind: str, picture_hash: int) -> list[Lookalike]:
        bits = picture_hash - 2 * _SIGNED if picture_hash >= _SIGNED else picture_hash  # as a bigint
        self.looks[kind] = bits
        found = selectors.find_alike(
            kind=kind, bits=bits, bands=hashing.bands(picture_hash), user=self._own.user, within=hashing.NEAR
        )
        return [Lookalike(distance=distance) for distance in found]
