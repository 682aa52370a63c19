from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin, state_badge
from hireops.feishu.models import Tenant


@admin.register(Tenant)
class TenantAdmin(MirrorAdmin):
    list_display = ["__str__", "tenant_key", "app_id", "state_shown", "state_at", "created_at"]
    list_filter = ["state"]
    search_fields = ["name", "tenant_key"]
    fields = ["name", "tenant_key", "app_id", "state_shown", "created_at"]

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, tenant: Tenant) -> SafeString:
        return state_badge(tenant.state, tenant.get_state_display())
