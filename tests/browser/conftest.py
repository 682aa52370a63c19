"""A browser and a world for each file of tests here: a file is one worker's, and nothing outlives it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import NO_BROWSER, PROGRAM, chromium
from tests.browser.visitor import Door
from tests.browser.world import World, world
from tests.databases import Database
from tests.template import template


@pytest.fixture(scope="module", autouse=True)
def _there_is_a_browser() -> None:
    """Where somebody develops they may have none; CI has one, or it has tested nothing."""
    if PROGRAM:
        return
    if os.environ.get("CI"):
        pytest.fail(NO_BROWSER)
    pytest.skip(NO_BROWSER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def database(folder: Path, _there_is_a_browser: None) -> Iterator[Database]:
    """A migrated database of this file's own, on SQLite or PostgreSQL as the run is."""
    database = template().copy(folder)
    yield database
    database.drop()


@pytest.fixture(scope="module")
def site(database: Database, folder: Path) -> Iterator[World]:
    with world(database, folder) as site:
        yield site


@pytest.fixture(scope="module")
def browser(site: World) -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def _door(browser: Browser, site: World) -> Door:
    return Door(browser, site.url, site.hosts)


@pytest.fixture
def door(_door: Door) -> Iterator[Door]:
    """``door.let_in("hira", "en")``: she is signed in. Nothing on her pages may fail, or the test does."""
    yield _door
    _door.close()


@pytest.fixture(params=["zh-hans", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)
