"""SQL functions obey the same order as modules: a file names no table or function of an app above its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ORDER = ["security", "users", "credits", "profiles", "messaging", "moderation"]
LEVEL = {app: level for level, app in enumerate(ORDER)} | {"payments": ORDER.index("messaging")}
FILES = sorted(ROOT.glob("*/sql/*.sql"))


def names_of_apps(text: str) -> set[str]:
    code = re.sub(r"--[^\n]*", "", text)
    return set(re.findall(rf"\b({'|'.join(LEVEL)})_[a-z_]+", code))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parts[-3]}/{p.name}")
def test_a_sql_file_names_nothing_of_an_app_above(path):
    own = path.parts[-3]
    above = {a for a in names_of_apps(path.read_text()) if a != own and LEVEL[a] >= LEVEL[own]}
    assert above == set()


def test_the_check_would_see_a_foreign_table():
    assert names_of_apps("SELECT 1 FROM messaging_message -- users_user") == {"messaging"}


def test_there_are_sql_files_to_check():
    assert len(FILES) >= 7
