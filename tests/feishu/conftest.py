from collections.abc import Iterator

import pytest

from hireops.encryption import encrypt
from hireops.feishu.models import AccessToken
from tests.feishu.servers import Server


@pytest.fixture
def server(settings) -> Iterator[Server]:
    """A Feishu that answers each call with code 0, unless told otherwise."""
    server = Server()
    settings.FEISHU_BASE_URL = server.url
    settings.FEISHU_CONNECT_TIMEOUT = 1.0
    settings.FEISHU_READ_TIMEOUT = 1.0
    yield server
    server.close()


@pytest.fixture
def token(settings, transactional_db: None) -> str:
    """A valid tenant_access_token, so that calls need not fetch one."""
    AccessToken.objects.create(
        app_id=settings.FEISHU_APP_ID,
        kind="tenant",
        sealed=encrypt("t-valid"),
        expires_at="2999-01-01T00:00Z",
        renew_at="2999-01-01T00:00Z",
    )
    return "t-valid"
