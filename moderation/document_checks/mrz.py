"""The machine-readable zone of ICAO Doc 9303: three lines of 30 (TD1), two of 36 (TD2) or 44 characters (TD3).

The parser on PyPI (`mrz`) is licensed for free software only and rests since 2021; this is what is needed of it.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

Form = Literal["TD1", "TD2", "TD3"]
FORMS: dict[Form, tuple[int, int]] = {"TD1": (3, 30), "TD2": (2, 36), "TD3": (2, 44)}
_WEIGHTS = (7, 3, 1)
_VALUES = {"<": 0, **{str(digit): digit for digit in range(10)}, **{chr(65 + n): 10 + n for n in range(26)}}
_CHARACTERS = re.compile(r"[A-Z0-9<]*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """What a zone says. Dates are None where they are no dates; countries are as printed (alpha-3, or `D`)."""

    form: Form
    document_code: str
    issuer: str
    nationality: str
    number: str
    family_names: str
    given_names: str
    birth: str
    expiry: str
    sex: str
    wrong_digits: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.given_names} {self.family_names}".strip()

    def born_on(self, *, today: date) -> date | None:
        """A birth lies in the past: of two centuries the later one that does (of the person's first day, `today`)."""
        later = _date(self.birth, century=today.year // 100)
        return later if later is None or later <= today else _date(self.birth, century=today.year // 100 - 1)

    def expires_on(self, *, today: date) -> date | None:
        """No document holds longer than 50 years ahead."""
        found = _date(self.expiry, century=today.year // 100)
        if found is not None and found.year > today.year + 50:
            return _date(self.expiry, century=today.year // 100 - 1)
        return found


def check_digit(text: str) -> str:
    """The check digit over `text` (Doc 9303 part 3, section 4.9). Characters of no zone raise KeyError."""
    return str(sum(_VALUES[char] * _WEIGHTS[index % 3] for index, char in enumerate(text)) % 10)


def parse(*, lines: list[str]) -> Zone | None:
    """The zone in `lines`, None where they are none: their number, length or characters are those of no form."""
    shape = (len(lines), len(lines[0]) if lines else 0)
    form = next((form for form, known in FORMS.items() if known == shape), None)
    if form is None or any(len(line) != shape[1] or not _CHARACTERS.match(line) for line in lines):
        return None
    return _td1(lines) if form == "TD1" else _two_lines(form, lines)


def find(*, text: str) -> Zone | None:
    """The zone within recognised text: lines of its length and characters that follow each other."""
    lines = [re.sub(r"[\s«]", lambda found: "<" if found.group() == "«" else "", line) for line in text.splitlines()]
    lines = [line.upper() for line in lines if line]
    for count, length in FORMS.values():
        for begin in range(len(lines) - count + 1):
            zone = parse(lines=[_fitted(line, length) for line in lines[begin : begin + count]])
            if zone is not None and zone.document_code[0] in "PIACV":
                return zone
    return None


def compose(
    *,
    form: Form,
    code: str,
    issuer: str,
    number: str,
    names: tuple[str, str],
    birth: str,
    sex: str,
    expiry: str,
    nationality: str = "",
) -> list[str]:
    """The lines of a zone with right check digits; `names` is family and given, in Latin capitals. For test cards."""
    name = "<<".join(re.sub(r"[^A-Z]+", "<", one) for one in names)
    code, issuer, nationality = code.ljust(2, "<"), issuer.ljust(3, "<"), (nationality or issuer).ljust(3, "<")
    number = number.ljust(9, "<")[:9]
    dated = f"{birth}{check_digit(birth)}{sex}{expiry}{check_digit(expiry)}"
    if form == "TD1":
        first = f"{code}{issuer}{number}{check_digit(number)}".ljust(30, "<")
        second = f"{dated}{nationality}".ljust(29, "<")
        return [first, second + check_digit(_td1_composite(first, second)), name.ljust(30, "<")[:30]]
    _, length = FORMS[form]
    second = f"{number}{check_digit(number)}{nationality}{dated}"
    if form == "TD3":
        personal = "<" * 14
        second += personal + "0"
    else:
        second = second.ljust(35, "<")
    return [f"{code}{issuer}{name}".ljust(length, "<")[:length], second + check_digit(_composite(second))]


def _td1(lines: list[str]) -> Zone:
    first, second, third = lines
    number, printed = first[5:14], first[14]
    wrong: list[str] = []
    if printed == "<" and first[15:30].strip("<"):  # a longer number goes on in the optional data
        rest = first[15:30].split("<")[0]
        number, printed = number + rest[:-1], rest[-1]
    return _zone(
        form="TD1",
        code=first[0:2],
        issuer=first[2:5],
        number=(number, printed),
        name=third,
        birth=second[0:7],
        sex=second[7],
        expiry=second[8:15],
        nationality=second[15:18],
        wrong=wrong if check_digit(_td1_composite(first, second)) == second[29] else ["composite"],
    )


def _two_lines(form: Form, lines: list[str]) -> Zone:
    first, second = lines
    wrong = [] if check_digit(_composite(second)) == second[-1] else ["composite"]
    if form == "TD3":
        personal, printed = second[28:42], second[42]
        # Of an empty personal number the digit may be left out.
        if printed != check_digit(personal) and not (printed == "<" and not personal.strip("<")):
            wrong.append("personal_number")
    return _zone(
        form=form,
        code=first[0:2],
        issuer=first[2:5],
        number=(second[0:9], second[9]),
        name=first[5:],
        birth=second[13:20],
        sex=second[20],
        expiry=second[21:28],
        nationality=second[10:13],
        wrong=wrong,
    )


def _zone(
    *,
    form: Form,
    code: str,
    issuer: str,
    number: tuple[str, str],
    name: str,
    birth: str,
    sex: str,
    expiry: str,
    nationality: str,
    wrong: list[str],
) -> Zone:
    checked = {"number": number, "birth": (birth[:6], birth[6]), "expiry": (expiry[:6], expiry[6])}
    wrong = [field for field, (value, digit) in checked.items() if check_digit(value) != digit] + wrong
    family, _, given = name.partition("<<")
    return Zone(
        form=form,
        document_code=code.strip("<"),
        issuer=issuer.strip("<"),
        nationality=nationality.strip("<"),
        number=number[0].strip("<"),
        family_names=" ".join(family.replace("<", " ").split()),
        given_names=" ".join(given.replace("<", " ").split()),
        birth=birth[:6],
        expiry=expiry[:6],
        sex=sex.strip("<"),
        wrong_digits=tuple(wrong),
    )


def _td1_composite(first: str, second: str) -> str:
    return first[5:30] + second[0:7] + second[8:15] + second[18:29]


def _composite(second: str) -> str:
    return second[0:10] + second[13:20] + second[21:-1]


def _date(text: str, *, century: int) -> date | None:
    if not re.fullmatch(r"[0-9]{6}", text):
        return None
    year, month, day = century * 100 + int(text[:2]), int(text[2:4]), int(text[4:])
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return date(year, month, day)


def _fitted(line: str, length: int) -> str:
    """A line that recognition left a filler or two short or long of its end."""
    if abs(len(line) - length) <= 3 and line.endswith("<"):
        return line.rstrip("<").ljust(length, "<")[:length]
    return line
