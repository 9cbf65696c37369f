"""Read the supabase-js calls and Data API requests of a document as requests of PostgREST."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.postgrest import Filter, Request, Selected

_CLIENT = re.compile(r"\b(supabase|admin)\s*(?=\.(?:from|rpc)\()")
_METHOD = re.compile(r"\s*\.(\w+)\(")
_TOKEN = re.compile(r"'([^']*)'|(\w+)(?=\s*:)|,(?=\s*[}\]])")
_NULLS = {True: "nulls first", False: "nulls last", None: ""}
_ITEM = re.compile(r"\s*([\w:]+?)\s*(\(|,|$|\))")


def calls(text: str) -> Iterator[tuple[str, Request]]:
    """The client and the request of each call of supabase-js."""
    for found in _CLIENT.finditer(text):
        yield found[1], _request(list(_chain(text, found.end())))


def http_request(line: str) -> Request:
    """The request of a line such as ``GET /rest/v1/model_prices?select=model``."""
    method, _, target = line.partition(" ")
    url = urlsplit(target)
    name = url.path.removeprefix("/rest/v1/")
    assert method == "GET" and name != url.path, line
    given = parse_qsl(url.query, strict_parsing=True)
    if name.startswith("rpc/"):
        request = Request(name.removeprefix("rpc/"), is_call=True)
    else:
        request = Request(name)
    for key, value in given:
        if key == "select":
            request.selected = selected(value)
        elif key == "order":
            for part in value.split(","):
                column, *words = part.split(".")
                request.order.append((column, "desc" in words, _http_nulls(words)))
        elif key == "limit":
            request.limit = int(value)
        elif request.is_call:
            request.arguments[key] = value
        else:
            operator, _, right = value.partition(".")
            request.filters.append(Filter(key, operator, right))
    return request


def selected(text: str) -> list[Selected]:
    """``a, b::text, c(d, e)``."""
    found, rest = _selected(re.sub(r"\s", "", text))
    assert not rest, rest
    return found


def _selected(text: str) -> tuple[list[Selected], str]:
    found: list[Selected] = []
    while text:
        item = _ITEM.match(text)
        assert item, text
        name, _, cast = item[1].partition("::")
        text = text[item.end() :]
        inner: list[Selected] = []
        end = item[2]
        if end == "(":
            inner, text = _selected(text)
            end, text = text[:1], text[1:]
        found.append(Selected(name, cast, inner))
        if end == ")":
            # The embedding one reads what follows.
            return found, text
    return found, ""


def _chain(text: str, position: int) -> Iterator[tuple[str, list[Any]]]:
    """Name and arguments of each method that is called on the client, one after another."""
    while method := _METHOD.match(text, position):
        depth, end = 1, method.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield method[1], _arguments(text[method.end() : end - 1])
        position = end


def _arguments(text: str) -> list[Any]:
    def as_json(token: re.Match[str]) -> str:
        if token[1] is not None:
            return json.dumps(token[1])
        return json.dumps(token[2]) if token[2] else ""

    found: list[Any] = json.loads(f"[{_TOKEN.sub(as_json, text)}]")
    return found


def _request(chain: list[tuple[str, list[Any]]]) -> Request:
    (first, (name, *rest)), *methods = chain
    request = Request(name, is_call=first == "rpc", arguments=rest[0] if rest else {})
    for method, arguments in methods:
        if method == "select":
            request.selected = selected(arguments[0])
        elif method == "order":
            column, *options = arguments
            given = options[0] if options else {}
            nulls = _NULLS[given.get("nullsFirst")]
            request.order.append((column, not given.get("ascending", True), nulls))
        elif method == "limit":
            limit, *options = arguments
            if options:
                request.limits[options[0]["referencedTable"]] = limit
            else:
                request.limit = limit
        elif method == "not":
            request.filters.append(Filter(arguments[0], f"not.{arguments[1]}", arguments[2]))
        else:
            request.filters.append(Filter(arguments[0], method, arguments[1]))
    return request


def _http_nulls(words: list[str]) -> str:
    nulls = {"nullslast": "nulls last", "nullsfirst": "nulls first"}
    return next((nulls[word] for word in words if word in nulls), "")
