"""``make docs``: the part of the documentation that is written from the code."""

from __future__ import annotations

from tests.docs.provider_table import PAGE, page


def main() -> None:
    text = page()
    if PAGE.read_text(encoding="utf-8") == text:
        print(f"{PAGE.name} says what the code says.")
    else:
        PAGE.write_text(text, encoding="utf-8")
        print(f"{PAGE.name} is written anew.")


if __name__ == "__main__":
    main()
