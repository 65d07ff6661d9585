"""What a message may show: no credential, and still the words a person needs."""

from __future__ import annotations

import pytest

from connectors.transport import redacted


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer abc.def",
        "Basic Zm9vOmJhcg==",
        '{"refresh_token": "abc.def"}',
        "access_token=abc.def&x=1",
        "client_secret: 'abc.def'",
        "https://office.example/callback?code=abc.def&state=s",
    ],
)
def test_a_credential_never_comes_through(secret):
    shown = redacted(secret)
    assert "***" in shown
    assert "abc.def" not in shown
    assert "Zm9v" not in shown


def test_a_providers_error_code_comes_through():
    assert redacted('{"code": "6140", "Message": "Duplicate"}') == '{"code": "6140", "Message": "Duplicate"}'


def test_a_long_text_is_cut():
    assert len(redacted("x" * 1000)) == 300
