import pytest

from hireops.encryption import encrypt
from hireops.feishu.models import AccessToken
from tests.feishu.hire.examples import TOKEN


@pytest.fixture
def example_token(settings, transactional_db: None) -> None:
    """The tenant_access_token of the published requests."""
    AccessToken.objects.create(
        app_id=settings.FEISHU_APP_ID,
        kind="tenant",
        sealed=encrypt(TOKEN),
        expires_at="2999-01-01T00:00Z",
        renew_at="2999-01-01T00:00Z",
    )
