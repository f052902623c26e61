"""What uv is told, against what pip says of its own settings."""

import sys
from pathlib import Path

import pytest

from ci.installers import uv_variables

PIP = [sys.executable, "-m", "pip"]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give pip a file of settings, which counts more than those of this machine."""
    file = tmp_path / "pip.conf"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return file


def test_places_of_packages_are_handed_on(settings: Path) -> None:
    settings.write_text(
        "[global]\n"
        "index-url = https://host.example/simple\n"
        "extra-index-url = https://one.example/simple\n    https://two.example/simple\n"
        "find-links = /wheels\n    /more-wheels\n"
        "cert = /etc/ca.pem\n"
        "proxy = http://proxy.example:3128\n"
    )
    told = uv_variables(PIP)
    assert told is not None
    assert (
        told.items()
        >= {
            "UV_DEFAULT_INDEX": "https://host.example/simple",
            "UV_INDEX": "https://one.example/simple https://two.example/simple",
            "UV_INDEX_STRATEGY": "unsafe-best-match",
            "UV_FIND_LINKS": "/wheels,/more-wheels",
            "SSL_CERT_FILE": "/etc/ca.pem",
            "ALL_PROXY": "http://proxy.example:3128",
        }.items()
    )


def test_a_variable_counts_more_than_a_file(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.write_text("[install]\nindex-url = https://file.example/simple\n")
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/simple")
    assert (uv_variables(PIP) or {})["UV_DEFAULT_INDEX"] == "https://variable.example/simple"


def test_settings_of_the_command_count_more_than_those_of_all(settings: Path) -> None:
    settings.write_text("[install]\nindex-url = https://a.example/\n[global]\nindex-url = https://b.example/\n")
    assert (uv_variables(PIP) or {})["UV_DEFAULT_INDEX"] == "https://a.example/"


@pytest.mark.parametrize("setting", ["no-binary = :all:", "no-index = true", "client-cert = /me.pem"])
def test_a_setting_without_an_equivalent_is_not_dropped(settings: Path, setting: str) -> None:
    settings.write_text(f"[install]\n{setting}\n")
    assert uv_variables(PIP) is None


def test_without_pip_nothing_is_told() -> None:
    assert uv_variables([]) == {}
