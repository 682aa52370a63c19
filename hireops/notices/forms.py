from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from hireops.notices import sources
from hireops.notices.models import Recipient


class WantedForm(forms.Form):
    """What a person wants to be told; only what there could be for that person is asked for."""

    wanted = forms.MultipleChoiceField(
        label=_("Tell me in Feishu"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, person: User, data: Mapping[str, Any] | None = None) -> None:
        self._person = person
        offered = sources.kinds_for(person)
        recipient = Recipient.objects.filter(person=person).first()
        off = recipient.switched_off if recipient else []
        wanted = [kind.value for kind in offered if kind not in off]
        super().__init__(data, initial={"wanted": wanted}, label_suffix="")
        self.fields["wanted"].choices = [(kind.value, kind.label) for kind in offered]  # type: ignore[attr-defined]
        self._offered, self._off_before = offered, off

    def save(self) -> None:
        """What was not offered stays as it was."""
        hidden = [each for each in self._off_before if each not in self._offered]
        off = [kind.value for kind in self._offered if kind not in self.cleaned_data["wanted"]]
        Recipient.objects.update_or_create(person=self._person, defaults={"switched_off": [*hidden, *off]})
