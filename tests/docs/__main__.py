"""Write the parts of the documentation that come from code and catalogue: ``make docs``."""

from __future__ import annotations

from pathlib import Path

from service.migrations.migrate import migrate
from tests.docs import api_reference, figures_page, provider_table, rights_table, schema_page
from tests.support.postgres import running_cluster


def main() -> None:
    _write(api_reference.PAGE, api_reference.page())
    _write(provider_table.PAGE, provider_table.page())
    _write(figures_page.PAGE, figures_page.page())
    with running_cluster() as cluster, cluster.database() as name:
        url = cluster.url_of(name)
        migrate(url)
        _write(rights_table.PAGE, rights_table.page(rights_table.granted(url)))
        _write(schema_page.PAGE, schema_page.page(schema_page.relations(url)))


def _write(page: Path, text: str) -> None:
    if page.exists() and page.read_text(encoding="utf-8") == text:
        print(f"{page.name} says what the code says.")
    else:
        page.write_text(text, encoding="utf-8")
        print(f"{page.name} is written anew.")


if __name__ == "__main__":
    main()
