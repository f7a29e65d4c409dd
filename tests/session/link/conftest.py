"""Certificates are slow to make: one authority serves all tests of the session."""

from __future__ import annotations

import ssl

import pytest

from tests.fakes.certificates import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def good(authority: Authority) -> ssl.SSLContext:
    """The TLS context of the real example.org."""
    return authority.issue(["example.org"])
