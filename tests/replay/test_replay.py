"""When all changes are accepted, the tables end as the book does."""

from __future__ import annotations

from tests.replay.bodies import later_bodies, monthly_bodies
from tests.replay.book import Book
from tests.replay.course import Course
from tests.replay.published import published_prices
from tests.replay.stored import stored_pages
from tests.support.recordings import needs_recordings

pytestmark = needs_recordings


def test_two_years_of_lists_end_in_the_prices_and_the_history_that_the_bodies_say(
    course: Course,
) -> None:
    course.set_provider(guards_enabled=False)
    book = Book()
    for recorded in monthly_bodies():
        published = published_prices(recorded.body)
        book.enter(recorded.day, published)
        log = course.sync(recorded.day, recorded.body)
        assert (log["status"], log["models_skipped"]) == ("success", 0), log
        assert log["models_fetched"] == len(published)
        assert log["models_updated"] == book.changes_of(recorded.day), recorded.day
    assert book.refused == []
    _assert_same(course, book)

    for recorded in later_bodies():
        book.enter(recorded.day, published_prices(recorded.body))
        course.sync(recorded.day, recorded.body)
    _assert_same(course, book)


def _assert_same(course: Course, book: Book) -> None:
    """Compare model by model, so that a failure names one and shows its whole chain."""
    stored = stored_pages(course.queue, course.provider, course.days)
    assert stored.keys() == book.pages.keys()
    for model_id, page in book.pages.items():
        assert stored[model_id] == page, model_id
