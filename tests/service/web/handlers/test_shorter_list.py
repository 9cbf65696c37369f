"""A list that had lost half of its models, accepted over HTTP."""

from __future__ import annotations

from tests.service.reviews import Reviews
from tests.service.web.running import SHORTER_LIST, Web, refused


def test_it_is_accepted(web: Web, reviews: Reviews) -> None:
    job_id = reviews.refuse_list("openrouter")

    answer = web.client.post(SHORTER_LIST.format(slug="openrouter"))

    assert answer.status_code == 200, answer.text
    assert (answer.json()["error_kind"], answer.json()["sync_id"]) == ("list_shrunk", job_id)
    assert reviews.audited() == [("admin", "accept_shorter_list", "openrouter")]


def test_there_is_nothing_to_accept(web: Web) -> None:
    refused(web.client.post(SHORTER_LIST.format(slug="openrouter")), 409, "conflict")
    for slug in ("nobody", "%00", "x" * 300):
        refused(web.client.post(SHORTER_LIST.format(slug=slug)), 404, "not_found")
