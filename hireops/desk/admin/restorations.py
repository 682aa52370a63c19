"""The pages of a restored database: what was found, part by part, and who has released it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk import restoring
from hireops.desk.admin.base import MirrorAdmin
from hireops.desk.display import badge
from hireops.desk.errors import Refused
from hireops.desk.language import is_being_switched
from hireops.desk.models import Release, Restoration
from hireops.desk.pages import staff_page
from hireops.desk.restoring import Line, Part
from hireops.desk.staff import staff


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part with what is found now, or with who has released it."""

    part: Part
    lines: list[Line]
    why_not: str
    release: Release | None


class ReleaseForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("What was looked at, and what was found? It is kept, and in the audit."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
    )
    number = forms.IntegerField(min_value=0)

    def __init__(self, *args: Any, part: Part, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if part.number:
            self.fields["number"].label = str(part.number)
        else:
            del self.fields["number"]


@admin.register(Restoration)
class RestorationAdmin(MirrorAdmin):
    help_page = "health#restored"
    empty_list = _(
        "After a backup was restored, manage.py restored holds back what would be sent and paid out, until "
        "people have looked at what Feishu has done since. That has not happened here."
    )
    change_form_template = "admin/desk/restoration/change_form.html"
    list_display = ("begun_at", "state_shown", "backup_at", "begun_by", "ended_at", "reason")
    list_select_related = ("begun_by",)
    fields = ("begun_at", "begun_by", "reason", "backup_at", "ended_at")

    @admin.display(description=_("state"))
    def state_shown(self, restoration: Restoration) -> SafeString:
        return badge(_("not released"), "bad") if restoration.stands else badge(_("all released"), "ok")

    def page_context(self, request: HttpRequest, obj: Restoration) -> dict[str, Any]:
        releases = {each.part: each for each in obj.releases.select_related("by")}
        may_release = obj.stands and request.user.has_perm(restoring.PERMISSION)
        return {
            "parts": [_row(part, obj, releases.get(part.key)) for part in restoring.parts()],
            "may_release": may_release,
        }

    @staff_page("release/<slug:key>/", name="release", permission=restoring.PERMISSION, irreversible=True)
    def release_view(self, request: HttpRequest, key: str) -> HttpResponse:
        standing = restoring.standing()
        part = next((each for each in restoring.parts() if each.key == key), None)
        if standing is None or part is None:
            raise Http404(key)
        is_sent = request.method == "POST" and not is_being_switched(request)
        form = ReleaseForm(request.POST if is_sent else None, part=part)
        back = self._url("change", standing.pk)
        if is_sent and form.is_valid():
            return self._release(request, part, form, back)
        return self.render_form(
            request,
            "admin/desk/restoration/release.html",
            title=_("Release: %(part)s") % {"part": part.title},
            form=form,
            back=back,
            row=_row(part, standing, None),
        )

    def _release(self, request: HttpRequest, part: Part, form: ReleaseForm, back: str) -> HttpResponse:
        given = form.cleaned_data
        try:
            restoring.release(part, by=staff(request), reason=given["reason"], number=given.get("number"))
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(back)


def _row(part: Part, restoration: Restoration, release: Release | None) -> PartRow:
    if release is not None:
        lines = [Line(gettext(label), shown) for label, shown in release.found.items()]
        return PartRow(part, lines, "", release)
    if not restoration.stands:
        return PartRow(part, [], "", None)
    return PartRow(part, list(part.found(restoration)), part.why_not(restoration), None)
