from __future__ import annotations

from .browser_vectors import run_in
from .vector_world import PATH


def test_the_browser_code_passes_every_vector_native_and_by_fallback(chromium):
    result = run_in(chromium, PATH)
    assert result.failed == []
    assert result.passed >= 50
