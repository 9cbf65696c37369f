from __future__ import annotations

from decimal import Decimal

import pytest

from service.errors import ParseError
from service.reading.wire import (
    InvalidEntry,
    Number,
    RepeatedKeys,
    parse_json,
    read_amount,
    read_whole_number,
    shown,
    verbatim,
)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("0.0000003", "0.0000003"),
        ("5e-07", "0.0000005"),
        ("3E-5", "0.00003"),
        ("12", "12"),
        ("0", "0"),
        ("-0", "0"),
        ("-0.000", "0"),
        ("0.0000000208333333333333", "0.0000000208333333333333"),
        ("0.00000020000000000000002", "0.00000020000000000000002"),
    ],
)
def test_strings_are_exact(value: str, amount: str) -> None:
    assert read_amount(value) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2.5999999999999996", "2.6"),
        ("0.030000000000000002", "0.03"),
        ("0.020000000000000004", "0.02"),
        ("1e-7", "0.0000001"),
        ("123456789012345", "123456789012000"),
        ("0.1234567890125", "0.123456789012"),
        ("7", "7"),
        ("-0.0", "0"),
    ],
)
def test_numbers_are_rounded_once_to_twelve_digits(text: str, amount: str) -> None:
    assert read_amount(Number(text)) == Decimal(amount)


@pytest.mark.parametrize(
    "value",
    [
        *["$0.5", "1,234.5", "", " ", " 1", "1 ", "NaN", "Infinity", "-Infinity", "free", "0x1"],
        *["1_000", "+1", ".5", "5.", "1e", "1e1000", "1e-999", "-1", "-0.5", "\u0661", "1\n"],
        *["1" * 61, "0." + "1" * 61, "1" * 31 + "." + "1" * 30, "1e60"],
        *[True, False, [], {}, [1], {"usd": "1"}],
        *[Number("NaN"), Number("Infinity"), Number("-Infinity"), Number("-1"), Number("-1e-30")],
        *[Number("9" * 5000), Number("1e999999999"), Number("1e-99")],
    ],
)
def test_what_is_not_a_price_is_refused_with_a_short_reason(value: object) -> None:
    with pytest.raises(InvalidEntry) as refused:
        read_amount(value)
    assert 0 < len(str(refused.value)) < 120
    assert "\n" not in str(refused.value)


def test_null_is_unknown_and_so_is_the_number_that_a_provider_uses_for_it() -> None:
    assert read_amount(None) is None
    for spelt in ("-1", "-1.0", Number("-1")):
        assert read_amount(spelt, unknown=-1) is None
    with pytest.raises(InvalidEntry):
        read_amount("-2", unknown=-1)


@pytest.mark.parametrize(
    ("text", "number"), [("32000", 32000), ("2e5", 200000), ("200000.0", 200000), ("0", 0)]
)
def test_whole_numbers(text: str, number: int) -> None:
    assert read_whole_number(Number(text), largest=10**6) == number


@pytest.mark.parametrize(
    "value",
    [Number("1.5"), Number("-1"), Number("1000001"), Number("1e999"), Number("NaN"), "1", True],
)
def test_no_other_number_is_whole(value: object) -> None:
    with pytest.raises(InvalidEntry):
        read_whole_number(value, largest=10**6)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"  <!DOCTYPE html><p>Sorry", "web page"),
        (b'{"data": [{"id": "a"', "not JSON"),
        (b"{\x00\x00\x00\xff\xff\xff\xff", "UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"undefined", "not JSON"),
    ],
)
def test_what_is_not_json_is_one_sentence(body: bytes, says: str) -> None:
    with pytest.raises(ParseError, match=says) as refused:
        parse_json(body)
    assert refused.value.code == "not_json"


def test_numbers_stay_text() -> None:
    assert parse_json(b"[1e-7, 12345678901234567890, NaN]") == [
        Number("1e-7"),
        Number("12345678901234567890"),
        Number("NaN"),
    ]


def test_a_huge_integer_costs_nothing() -> None:
    assert parse_json(b"9" * 1_000_000) == Number("9" * 1_000_000)


def test_a_key_with_two_values_is_marked_and_a_mere_repetition_is_not() -> None:
    assert parse_json(b'{"a": "1", "a": "1"}') == {"a": "1"}
    marked = parse_json(b'{"a": "1", "b": 2, "a": "3"}')
    assert isinstance(marked, RepeatedKeys)
    assert marked.keys == ("a",)


def test_verbatim_keeps_what_json_and_the_database_can_hold() -> None:
    value = parse_json(
        rb'{"n": 3, "f": 0.1, "long": 0.12345678901234567890123, "huge": 1e999, "nan": NaN,'
        rb' "text": "a\u0000b\ud800", "list": [null, true, {"k\u0007": "v"}]}'
    )
    assert verbatim(value) == {
        "n": 3,
        "f": 0.1,
        "long": "0.12345678901234567890123",
        "huge": "1e999",
        "nan": "NaN",
        "text": "a\ufffdb\ufffd",
        "list": [None, True, {"k\ufffd": "v"}],
    }


def test_verbatim_refuses_what_is_nested_without_end() -> None:
    with pytest.raises(InvalidEntry, match="nested"):
        verbatim(parse_json(b"[" * 50 + b"]" * 50))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\x1b[31m", '"a\ufffd[31m"'),
        ("x" * 100, '"' + "x" * 60 + '..."'),
        (Number("1e5"), "1e5"),
        (None, "null"),
        (True, "true"),
        ({}, "an object"),
        ([1], "an array"),
    ],
)
def test_values_are_shown_in_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text
