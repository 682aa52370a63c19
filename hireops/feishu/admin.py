from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin
from hireops.feishu.models import Tenant


@admin.register(Tenant)
class TenantAdmin(MirrorAdmin):
    help_page = "events#tenants"
    empty_list = _("Companies that use the app in Feishu. Each appears by itself, with its first event.")
    ids = ["tenant_key", "app_id"]
    list_display = ["__str__", "tenant_key", "app_id", "state_shown", "state_at", "created_at"]
    list_filter = ["state"]
    search_fields = ["name", "tenant_key"]
    found_by = {"tenant_key": str, "name__istartswith": str}
    found_by_words = _("Tenant key in full, or how the name begins")
    fields = ["name", "tenant_key", "app_id", "state_shown", "created_at"]
