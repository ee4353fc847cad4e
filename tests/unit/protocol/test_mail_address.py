"""One rule for every address that letters go to or come from."""

import pytest

from authserver.protocol.mail_address import is_mail_address


@pytest.mark.parametrize("text", ["alice@example.com", "a.b+c@xn--bcher-kva.example", "no-reply@localhost"])
def test_a_plain_address_is_one(text: str) -> None:
    assert is_mail_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "alice", "a@b\nBcc: c@d", "a@b, c@d", "<a@b>", "Bank <a@b>", "a b@c", "ä@example.com", "a@bücher.example",
     "@b", "a@", "a@b@c", "a" * 250 + "@b.example"],
)  # fmt: skip
def test_what_is_no_plain_address_gets_no_letter(text: str) -> None:
    assert not is_mail_address(text)
