"""Who works at the demo's Pairly: one of each role at least, two where two have to agree."""

from __future__ import annotations

from dataclasses import dataclass

from users.roles import ADMIN, FINANCE, MODERATOR, SECURITY, SUPPORT


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """Somebody of staff; `role` is one of `users.roles.ROLES`."""

    name: str
    role: str
    number: int
    birth_year: int
    joined_days_ago: float

    @property
    def email(self) -> str:
        """moderator@..., moderator2@..."""
        return f"{self.role}{'' if self.number == 1 else self.number}@demo.pairly.example"


STAFF: tuple[Member, ...] = (
    Member(name="Ingrid Solheim", role=ADMIN, number=1, birth_year=1979, joined_days_ago=82.0),
    Member(name="Tomás Ferreira", role=MODERATOR, number=1, birth_year=1988, joined_days_ago=80.2),
    Member(name="Wanjiru Kamau", role=MODERATOR, number=2, birth_year=1993, joined_days_ago=61.4),
    Member(name="Helen Brandt", role=FINANCE, number=1, birth_year=1984, joined_days_ago=79.1),
    Member(name="Rohan Deshpande", role=FINANCE, number=2, birth_year=1990, joined_days_ago=44.6),
    Member(name="Yusra Haddad", role=SUPPORT, number=1, birth_year=1996, joined_days_ago=58.3),
    Member(name="Piotr Zielinski", role=SECURITY, number=1, birth_year=1986, joined_days_ago=77.5),
)
