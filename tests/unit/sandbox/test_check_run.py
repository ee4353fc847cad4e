"""A story that goes wrong is told as such, and never passes for a good one."""

from collections.abc import Iterator
from typing import Any

import pytest

from authserver.sandbox.check.context import CheckContext, expect, expect_answer
from authserver.sandbox.check.run import drive
from authserver.sandbox.third_party.http import HttpResponse

NO_SCENE: Any = None


def test_a_story_that_fails_half_way_has_a_tick_and_a_cross() -> None:
    def story(_scene: CheckContext) -> Iterator[str]:
        yield "the first step"
        expect(condition=False, what="the second step")
        yield "never said"

    said: list[str] = []
    assert not drive(story, NO_SCENE, said.append)
    assert said == ["\u2713 the first step", "\u2717 story: expected the second step"]


def test_a_missing_member_fails_a_story_too() -> None:
    def story(_scene: CheckContext) -> Iterator[str]:
        yield HttpResponse(200, {}, b"{}").json()["access_token"]

    assert not drive(story, NO_SCENE, lambda _text: None)


@pytest.mark.parametrize(
    ("status", "body", "good"),
    [(400, b'{"error": "invalid_grant"}', True), (400, b'{"error": "invalid_request"}', False), (401, b"", False)],
)
def test_an_answer_must_have_the_status_and_the_error(status: int, body: bytes, good: bool) -> None:  # noqa: FBT001 - a column of the table
    def story(_scene: CheckContext) -> Iterator[str]:
        expect_answer(HttpResponse(status, {}, body), 400, "invalid_grant")
        yield "as expected"

    assert drive(story, NO_SCENE, lambda _text: None) is good
