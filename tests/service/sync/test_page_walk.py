"""A list in pages is taken whole or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.errors import ParseError
from service.prices.price_list import Page, PriceList, RawModel, SkippedModel
from service.prices.units import Axis, RawPrice, Unit
from service.sync import page_walk
from service.sync.page_walk import MAX_PAGES, PageWalk


def model(model_id: str, usd: int = 1) -> RawModel:
    price = RawPrice(Axis.INPUT, Decimal(usd), Unit.USD_PER_1M_TOKENS, str(usd), "input")
    return RawModel(model_id, prices=(price,))


def page(
    *models: RawModel | str,
    number: int | None = 1,
    pages: int | None = None,
    total: int | None = None,
    skipped: Sequence[str] = (),
    entries: int | None = None,
) -> PriceList:
    read = tuple(model(each) if isinstance(each, str) else each for each in models)
    return PriceList(
        read,
        tuple(SkippedModel(each, "odd") for each in skipped),
        Page(number, pages, total, len(read) + len(skipped) if entries is None else entries),
    )


def walk_over(pages: Sequence[PriceList], *, is_paged: bool = True) -> list[str]:
    """Walk over the pages in the order in which they are requested; returns the ids of the list."""
    walk, given, ids = PageWalk(is_paged=is_paged), iter(pages), list[str]()
    while walk.next_page is not None:
        ids += [each.model_id for each in walk.take(next(given))]
    assert next(given, None) is None, "more pages were given than asked for"
    left_out = {each.model_id for each in walk.skipped}
    return [each for each in ids if each not in left_out]


def test_pages_become_one_list() -> None:
    assert walk_over(
        [page("a", "b", pages=3), page("c", "d", number=2, pages=3), page("e", number=3, pages=3)]
    ) == ["a", "b", "c", "d", "e"]
    assert walk_over([page("a", "b", total=3), page("c", number=2, total=3)]) == ["a", "b", "c"]
    assert walk_over([page("a", pages=1, total=1)]) == ["a"]
    assert walk_over([page("a", number=None, total=2), page("b", number=None, total=2)]) == [*"ab"]


def test_a_list_that_comes_whole_is_a_walk_of_one_page() -> None:
    assert walk_over([PriceList((model("a"),))], is_paged=False) == ["a"]
    assert walk_over([page("a", pages=1, total=1)], is_paged=False) == ["a"]


INCOMPLETE = {
    "another page than asked for": ([page("a", number=2, pages=3)], "page 2 came"),
    "the same page again": (
        [page("a", pages=2), page("b", number=1, pages=2)],
        "Page 2 was asked for, and page 1 came",
    ),
    "the same models as another page": (
        [page("a", "b", pages=2), page("b", "a", number=2, pages=2)],
        "models of a page before it",
    ),
    "fewer pages than before": (
        [page("a", pages=3), page("b", number=2, pages=2)],
        "changed while it was read: 3 pages on page 1, 2 pages on page 2",
    ),
    "more models than before": (
        [page("a", total=2), page("b", number=2, total=3)],
        "2 models on page 1, 3 models on page 2",
    ),
    "pages no longer said": ([page("a", pages=2), page("b", number=2)], "does not say how many"),
    "an empty page": ([page("a", pages=3), page(number=2, pages=3)], "Page 2 is empty"),
    "an empty page after all said": ([page("a", total=2), page(number=2, total=2)], "is empty"),
    "the last page, and too few": ([page("a", pages=1, total=2)], "1 models, not 2"),
    "more than there are": ([page("a", "b", "c", total=2)], "3 models, not 2"),
    "the last page, and too many": ([page("a", "b", pages=1, total=1)], "2 models, not 1"),
    "beyond the last page": ([page("a", pages=0)], "of a list of 0 pages"),
    "not said which of how many": ([page("a")], "does not say how many"),
    "no page at all": ([PriceList((model("a"),))], "does not say which page"),
    "too many pages": ([page("a", pages=MAX_PAGES + 1)], "more than 1,000"),
    "too many models": ([page("a", total=100_001)], "more than 100,000"),
}


@pytest.mark.parametrize("wrong", INCOMPLETE)
def test_an_incomplete_walk_is_refused(wrong: str) -> None:
    pages, says = INCOMPLETE[wrong]
    with pytest.raises(ParseError) as refused:
        walk_over(pages)
    assert refused.value.code == "incomplete_list"
    assert says in refused.value.message


@pytest.mark.parametrize("body", [page("a", pages=2), page("a", total=2)])
def test_one_page_of_several_is_not_the_list_of_a_provider_without_pages(body: PriceList) -> None:
    with pytest.raises(ParseError, match=r"2 models|one page of 2 pages") as refused:
        walk_over([body], is_paged=False)
    assert refused.value.code == "incomplete_list"


def test_a_walk_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_walk, "MAX_PAGES", 20)
    walk = PageWalk(is_paged=True)
    with pytest.raises(ParseError, match="21 pages, more than 20") as refused:
        while walk.next_page is not None:
            walk.take(page(f"m{walk.next_page}", number=walk.next_page, total=1000))
    assert refused.value.code == "incomplete_list"
    monkeypatch.setattr(page_walk, "MAX_ENTRIES", 30)
    walk = PageWalk(is_paged=True)
    with pytest.raises(ParseError, match="40 entries, more than 30"):
        while walk.next_page is not None:
            ids = [f"{walk.next_page}-{each}" for each in range(10)]
            walk.take(page(*ids, number=walk.next_page, pages=20))


def test_a_model_on_two_pages_with_one_price_is_one_model() -> None:
    assert walk_over([page("a", "b", pages=2), page("b", "c", number=2, pages=2)]) == [*"abc"]


def test_a_model_on_two_pages_with_two_prices_is_skipped_and_named() -> None:
    walk = PageWalk(is_paged=True)
    walk.take(page("a", model("b", 1), pages=3))
    walk.take(page("c", model("b", 2), number=2, pages=3))
    walk.take(page("d", model("b", 1), number=3, pages=3))
    (skipped,) = walk.skipped
    assert skipped.model_id == "b"
    assert "more than once, with different prices" in skipped.reason


def test_what_was_odd_on_one_page_is_not_used_from_another() -> None:
    pages = [page("a", skipped=["b"], pages=2), page("b", "c", number=2, pages=2)]
    assert walk_over(pages) == ["a", "c"]


def test_entries_without_an_id_are_named_with_their_page() -> None:
    walk = PageWalk(is_paged=True)
    walk.take(page("a", skipped=["entry 2"], pages=2))
    walk.take(page("b", skipped=["entry 2"], number=2, pages=2))
    assert [each.model_id for each in walk.skipped] == ["entry 2", "entry 2 of page 2"]


def test_one_page_of_nothing_but_odd_entries_does_not_sink_the_list() -> None:
    pages = [page("a", pages=2), page(number=2, pages=2, skipped=["x"])]
    assert walk_over(pages) == ["a"]


def test_a_list_of_nothing_but_odd_entries_is_refused() -> None:
    pages = [page(skipped=["x"], pages=2), page(number=2, pages=2, skipped=["y"])]
    with pytest.raises(ParseError) as refused:
        walk_over(pages)
    assert refused.value.code == "bad_shape"


class Site:
    """A provider's list, cut into pages at each request."""

    def __init__(self, ids: Sequence[str], size: int, *, says_total: bool) -> None:
        self.ids = list(ids)
        self.size = size
        self.says_total = says_total

    def page(self, number: int) -> PriceList:
        pages = max(1, -(-len(self.ids) // self.size))
        cut = self.ids[(number - 1) * self.size : number * self.size]
        total = len(self.ids) if self.says_total else None
        return page(*cut, number=number, pages=None if self.says_total else pages, total=total)


ids = st.lists(st.integers(0, 10_000).map(str), min_size=1, max_size=40, unique=True)
sizes = st.integers(1, 12)


def read_all(site: Site) -> Iterator[tuple[PageWalk, tuple[RawModel, ...]]]:
    """Read page after page; the test may change the site between two pages."""
    walk = PageWalk(is_paged=True)
    while walk.next_page is not None:
        yield walk, walk.take(site.page(walk.next_page))


@given(ids=ids, size=sizes, says_total=st.booleans())
def test_a_list_that_stands_still_is_read_whole(
    ids: list[str], size: int, says_total: bool
) -> None:
    read = list(read_all(Site(ids, size, says_total=says_total)))
    assert [each.model_id for _, new in read for each in new] == ids
    assert len(read) == -(-len(ids) // size)


@st.composite
def interrupted(draw: st.DrawFn) -> tuple[list[str], int, int]:
    """The ids of a list of several pages, the page size, and after which page the list changes."""
    several = draw(st.lists(st.integers(0, 10_000).map(str), min_size=2, max_size=40, unique=True))
    size = draw(st.integers(1, min(12, len(several) - 1)))
    return several, size, draw(st.integers(1, -(-len(several) // size) - 1))


@given(list_=interrupted(), data=st.data())
def test_a_list_that_grows_or_shrinks_meanwhile_is_refused(
    list_: tuple[list[str], int, int], data: st.DataObject
) -> None:
    """The list states its length."""
    ids, size, after = list_
    site = Site(ids, size, says_total=True)
    at = data.draw(st.integers(0, len(ids) - 1))
    new = data.draw(st.integers(0, 20))
    gone = data.draw(st.integers(0 if new else 1, len(ids) - 1).filter(lambda gone: gone != new))
    with pytest.raises(ParseError) as refused:
        for number, _ in enumerate(read_all(site), start=1):
            if number == after:
                site.ids[at : at + gone] = [f"new {each}" for each in range(new)]
                assume(len(site.ids) != len(ids))
    assert refused.value.code == "incomplete_list"


@given(list_=interrupted(), data=st.data())
def test_a_list_that_only_names_its_pages_misses_no_more_than_went(
    list_: tuple[list[str], int, int], data: st.DataObject
) -> None:
    ids, size, after = list_
    site = Site(ids, size, says_total=False)
    gone = data.draw(st.integers(1, len(ids) - 1))
    read: list[str] = []
    try:
        for number, (_, new) in enumerate(read_all(site), start=1):
            read += [each.model_id for each in new]
            if number == after:
                del site.ids[:gone]
    except ParseError as refused:
        assert refused.code == "incomplete_list"
        return
    assert len(set(ids) - set(read)) <= gone


@given(
    ids=ids,
    size=sizes,
    says_total=st.booleans(),
    order=st.lists(st.integers(1, 45), min_size=1, max_size=45),
)
def test_pages_in_any_order_are_the_whole_list_or_refused(
    ids: list[str], size: int, says_total: bool, order: list[int]
) -> None:
    """Pages are repeated, left out, mixed up or beyond the end, whichever page is requested."""
    site = Site(ids, size, says_total=says_total)
    walk = PageWalk(is_paged=True)
    read: list[str] = []
    try:
        for number in order:
            read += [each.model_id for each in walk.take(site.page(number))]
            if walk.next_page is None:
                assert read == ids
                return
    except ParseError as refused:
        assert refused.code == "incomplete_list"


@given(ids=ids, size=sizes, says_total=st.booleans(), data=st.data())
def test_a_page_that_is_cut_short_is_not_a_whole_list(
    ids: list[str], size: int, says_total: bool, data: st.DataObject
) -> None:
    """A page is empty, or lacks some of its models in a list that states its length."""
    assume(len(ids) > size)
    site = Site(ids, size, says_total=says_total)
    pages = [site.page(number) for number in range(1, -(-len(ids) // size) + 1)]
    at = data.draw(st.integers(0, len(pages) - 1))
    whole = pages[at]
    assert whole.page is not None
    kept = data.draw(st.integers(0, whole.page.entries - 1)) if says_total else 0
    pages[at] = PriceList(
        whole.models[:kept],
        page=Page(at + 1, whole.page.pages, whole.page.models_total, kept),
    )
    with pytest.raises(ParseError) as refused:
        walk_over([*pages, page(number=len(pages) + 1, total=len(ids))])
    assert refused.value.code == "incomplete_list"
