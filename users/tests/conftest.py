from __future__ import annotations

from collections.abc import Iterator

import pytest

from pairly.testing.described import checked_answers


@pytest.fixture(autouse=True)
def _answers_are_as_described() -> Iterator[None]:
    """Whatever else a test is about: each answer of the API that it gets is one that the description has."""
    with checked_answers() as differences:
        yield
    assert differences == []
