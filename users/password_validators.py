"""Refusing what an attacker would try first, without asking anyone: no password leaves this machine."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

# zxcvbn takes time that grows with the square of the length; what its beginning withstands, the whole does.
_LOOKED_AT = 72
# Words that everybody here knows (NIST SP 800-63B section 3.1.1.2: context-specific words).
_CONTEXT = ("pairly", "creator", "creators", "credits")


class GuessablePasswordValidator:
    """Refuses a password that zxcvbn would guess in fewer than ten to the power of `min_guesses_log10` tries.

    It knows leaked passwords, names, dates, keyboard rows, repetitions and their usual disguises, and is told the
    words of this site and of the person (Wheeler: "zxcvbn", USENIX Security 2016).
    """

    def __init__(self, *, min_guesses_log10: float = 8) -> None:
        self._min_guesses_log10 = min_guesses_log10

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError with the code `password_guessable`."""
        if not password:
            return
        found = zxcvbn(password[:_LOOKED_AT], user_inputs=[*_CONTEXT, *_words_of(user)])
        if found["guesses_log10"] < self._min_guesses_log10:
            raise ValidationError(
                _("This password is easy to guess: leaked lists and common patterns hold it. Use unrelated words."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        """For forms that list what is asked for."""
        return _("Your password must not be easy to guess.")


def _words_of(user: Any) -> list[str]:
    texts = [str(getattr(user, field, "") or "") for field in ("email", "name")]
    return [word for text in texts for word in [text, *text.replace("@", " ").replace(".", " ").split()] if word]
