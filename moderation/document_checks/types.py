"""What goes in and what comes out, and what the callers provide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

LayerName = Literal["exif", "pixels", "vision", "database", "chain", "geography"]
DocumentClass = Literal["passport", "id_card", "licence"]
# Of the document's entry in the transparency log. "waiting": heads are signed each minute, this one is not in one yet.
ChainState = Literal["verified", "waiting", "missing", "wrong"]

MAXIMA: Mapping[LayerName, int] = {
    "exif": 20,
    "pixels": 20,
    "vision": 20,
    "database": 20,
    "chain": 10,
    "geography": 10,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """What the person said in the form. Countries are ISO 3166-1 alpha-2; "" is what was not asked for."""

    given_names: str
    family_names: str
    born_on: date
    document_class: DocumentClass
    document_country: str
    country: str = ""
    document_number: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberUse:
    """An earlier document of the same number: whose it is, and whether its names are hashed alike."""

    is_same_person: bool
    is_same_name: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookalike:
    """An earlier picture of another person, so many of 64 bits away."""

    distance: int


class DuplicateLookup(Protocol):
    """What is kept of earlier documents. Called from another thread: its database connection is closed behind it.

    The implementation hashes with its own key what it is given in clear, finds perceptual hashes by their four bands
    of 16 bits (`hashing.bands`) and leaves out the submission that is checked. Raises whatever it likes: the layer is
    then unknown.
    """

    def number_uses(self, *, country: str, number: str, name: str) -> list[NumberUse]:
        """Earlier documents of this number, all people's. `number` and `name` are folded (`names.folded`)."""
        ...

    def portraits_like(self, *, picture_hash: int) -> list[Lookalike]:
        """Portraits of other people's documents within `hashing.NEAR` bits."""
        ...

    def number_fields_like(self, *, picture_hash: int) -> list[Lookalike]:
        """The same for the strip of the machine-readable zone."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class IpFacts:
    """What is known of an address. `country` is "" and `is_hosting` None where nothing is."""

    country: str = ""
    network: str = ""
    is_hosting: bool | None = None


class IpData(Protocol):
    """Where addresses belong."""

    def facts(self, *, ip_address: str) -> IpFacts: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """One submission. `uploaded_hash` is the SHA-256 that was fixed when the file came; `today` is UTC.

    `ip_country` may be given where the caller knows it; otherwise `ip_address` is looked up. `chain` verifies the
    file's entry in the transparency log. What is None or "" is unknown, and the layer that needs it says so.
    """

    document: bytes
    selfie: bytes
    declared: Declared
    uploaded_hash: bytes
    today: date
    ip_address: str = ""
    ip_country: str = ""
    card_country: str = ""
    bank_country: str = ""
    lookup: DuplicateLookup | None = None
    chain: Callable[[bytes], ChainState] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a layer scored: a stable code of `reasons.TEXTS`, the points, and values for the text (no private ones)."""

    code: str
    points: int = 0
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerResult:
    """What one layer found. `assessable` False: it could not look at all of its part, whatever `score` says."""

    score: int
    reasons: tuple[Reason, ...]
    assessable: bool
    ms: int = 0
    vetoes: tuple[str, ...] = ()
    provider: str = ""
    heat_map: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The whole. `total` is 0 (nothing found) to 100 and the sum of what was assessed.

    `vetoes` are codes that stand beside the sum: with one of them the document is not to be approved. `unknown` are the
    layers that could not assess: a person has to look there. `is_clean` is True only where all layers looked, none
    found anything to speak of, and no veto stands. It approves nothing: it says how to sort the queue.
    `heat_map` is a PNG for the reviewer.
    """

    total: int
    parts: Mapping[LayerName, LayerResult]
    vetoes: tuple[str, ...]
    unknown: tuple[LayerName, ...]
    reasons: tuple[Reason, ...]
    heat_map: bytes | None
    is_suspect: bool

    @property
    def is_clean(self) -> bool:
        return not (self.unknown or self.vetoes or self.is_suspect)


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckSettings:
    """How to check. `vision` is gemini, openai or offline; "" with a Gemini key is gemini, without one offline."""

    vision: str = ""
    gemini_api_key: str = field(default="", repr=False)
    gemini_base_url: str = ""
    gemini_model: str = "gemini-2.5-flash"
    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""
    openai_model: str = ""
    tesseract: str = "tesseract"  # a program, by name or path; "" is none
    layer_seconds: float = 4.0
    suspect_from: int = 30
    ip_data: IpData | None = None  # None: the file that comes with geoip2fast


class Evidence(Protocol):
    """What several layers look at, each part worked out once, by who asks first. `evidence.Evidence` is it."""

    @property
    def inputs(self) -> Inputs: ...

    @property
    def settings(self) -> CheckSettings: ...


Layer = Callable[..., LayerResult]
