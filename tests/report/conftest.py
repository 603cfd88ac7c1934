"""The books on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maildesk.store.database import Database
from tests.rig.books import Books


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database with the current schema."""
    url = f"sqlite:///{tmp_path}/desk.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres").fresh_database())
    database = Database(url)
    database.upgrade()
    database.close()
    return url


@pytest.fixture
def open_books(fresh_url: str, tmp_path: Path) -> Iterator[Callable[..., Books]]:
    """``open_books(settings)``: a desk with contracts; closed as the test ends."""
    made: list[Books] = []

    def begin(changes: dict[str, Any] | None = None) -> Books:
        made.append(Books(tmp_path / "books", fresh_url, changes))
        return made[-1]

    yield begin
    for books in made:
        books.desk.close()


@pytest.fixture
def books(open_books: Callable[..., Books]) -> Books:
    return open_books()
