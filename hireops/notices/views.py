"""The page on which a person says what to be told in Feishu."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hireops.desk.errors import Refused
from hireops.desk.staff import staff
from hireops.doorbell import ring
from hireops.notices import page, telling
from hireops.notices.forms import WantedForm
from hireops.outbox.tasks import drain


@login_required
@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    person = staff(request)
    form = WantedForm(person, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("notices_settings"))
    context = {"title": _("Messages in Feishu"), "form": form, **page.about(person)}
    return TemplateResponse(request, "notices/settings.html", context)


@login_required
@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    try:
        telling.send_test(staff(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        ring(drain)
        messages.success(request, _("A test is on its way. What becomes of it stands below in a moment."))
    return HttpResponseRedirect(reverse("notices_settings"))
