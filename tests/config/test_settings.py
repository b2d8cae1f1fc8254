"""What an installation must name, what it makes for itself, and what it refuses."""

import json
import runpy
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from config import keys
from script.processes import ROOT
from tests.config.conftest import clean_environment

Django = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "INDEX_KEY", "ALLOWED_HOSTS"]
)
def test_production_refuses_to_start_without_one_of_its_settings(
    production: dict[str, str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIEFENG_VAR", str(tmp_path))
    for setting, value in production.items():
        monkeypatch.setenv(setting, value)
    runpy.run_path(str(ROOT / "config" / "settings.py"))
    monkeypatch.delenv(name)
    with pytest.raises(ImproperlyConfigured, match=name) as refusal:
        runpy.run_path(str(ROOT / "config" / "settings.py"))
    assert "\n" not in str(refusal.value)


def test_production_names_everything_it_lacks_at_once(django: Django) -> None:
    last_line = django("check", JIEFENG_MODE="production").stderr.strip().splitlines()[-1]
    assert "DATABASE_URL, REDIS_URL, SECRET_KEY, FIELD_KEYS, INDEX_KEY, ALLOWED_HOSTS" in last_line


def test_complete_production_passes_the_deployment_check_without_a_warning(
    django: Django, production: dict[str, str]
) -> None:
    done = django("check", "--deploy", "--fail-level", "DEBUG", **production)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_production_refuses_sqlite(django: Django, production: dict[str, str]) -> None:
    production["DATABASE_URL"] = "sqlite:////tmp/x.sqlite3"
    done = django("check", **production)
    assert done.returncode != 0
    assert "postgres://" in done.stderr


def test_an_unknown_mode_is_refused(django: Django) -> None:
    assert "must be embedded or production" in django("check", JIEFENG_MODE="prod").stderr


def test_a_folder_that_cannot_be_written_is_named_in_one_line(django: Django, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = django("check", JIEFENG_VAR=str(tmp_path / "file" / "var"))
    assert "cannot be written" in done.stderr.strip().splitlines()[-1]


def test_production_has_no_demo_clock(django: Django, production: dict[str, str]) -> None:
    shown = django(
        "shell", "-v", "0", "-c", "import config.settings as s; print(s.DEMO_CLOCK_FILE)", **production
    )
    assert shown.stdout.strip().endswith("None")


def test_a_demo_clock_in_production_is_an_error(tmp_path: Path) -> None:
    with override_settings(PRODUCTION=True, DEMO_CLOCK_FILE=tmp_path / "demo-clock"):
        assert "house.E001" in {message.id for message in run_checks(tags=["security"])}


def test_a_demo_clock_in_the_embedded_mode_is_fine(tmp_path: Path) -> None:
    with override_settings(PRODUCTION=False, DEMO_CLOCK_FILE=tmp_path / "demo-clock"):
        assert "house.E001" not in {message.id for message in run_checks(tags=["security"])}


def test_keys_that_cannot_encrypt_are_an_error() -> None:
    with override_settings(FIELD_KEYS=("too-short",), INDEX_KEY="short"):
        found = {message.id for message in run_checks(tags=["security"])}
    assert {"house.E002", "house.E003"} <= found


def test_the_embedded_default_makes_its_keys_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = keys.load_or_create(tmp_path / "keys.json")
    assert keys.load_or_create(tmp_path / "keys.json") == first
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from config.keys import load_or_create;"
        f"print(load_or_create(Path({str(tmp_path / 'keys.json')!r})).secret_key)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    answers = {process.communicate()[0] for process in started}
    assert len(answers) == 1
    assert json.loads((tmp_path / "keys.json").read_text())["secret_key"].encode() in answers.pop()


def test_damaged_keys_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        keys.load_or_create(tmp_path / "keys.json")
    assert (tmp_path / "keys.json").read_text() == "{"


def test_the_embedded_database_waits_for_its_turn_and_keeps_what_was_committed(django: Django) -> None:
    program = (
        "from django.db import connection as c; k = c.cursor();"
        "print([k.execute(f'PRAGMA {n}').fetchone()[0] for n in"
        " ('journal_mode', 'synchronous', 'secure_delete', 'busy_timeout')], c.transaction_mode)"
    )
    shown = django("shell", "-v", "0", "-c", program).stdout.strip()
    assert shown == "['wal', 2, 1, 20000] IMMEDIATE"
