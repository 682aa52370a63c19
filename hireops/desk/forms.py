"""Forms of staff pages."""

from copy import copy
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from hireops.desk.audit import entries_about
from hireops.desk.staff import name_and_login

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
    _ModelChoiceField = forms.ModelChoiceField[Any]
else:
    _ModelForm = forms.ModelForm
    _ModelChoiceField = forms.ModelChoiceField


class PersonField(_ModelChoiceField):
    """One of several people, of whom two may have the same name."""

    def label_from_instance(self, obj: Any) -> str:
        return name_and_login(obj)


class UntouchedStays(_ModelForm):
    """An edit in which what the person did not touch stays as it is now, not as the page showed it.

    ``changed_data`` is what this person has changed, whatever others have written meanwhile.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for field in self.fields.values():
                field.show_hidden_initial = True

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk:
            untouched = set(self.cleaned_data) - set(self.changed_data)
            self.cleaned_data |= {name: self._as_it_is(name) for name in untouched}
        return cleaned

    def _as_it_is(self, name: str) -> Any:
        value = getattr(self.instance, name)
        return value.all() if hasattr(value, "all") else value  # the rows of many to many


class ListRowForm(UntouchedStays):
    """A row that is edited in its list: a value that somebody has changed meanwhile is not overwritten."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for name in self.changed_data:
            field, sent_as = self.fields[name], self.add_initial_prefix(name)
            now, shown = self.get_initial_for_field(field, name), self.data.get(sent_as)
            if shown is not None and field.has_changed(now, shown):
                self.add_error(name, self._who_changed_it(now))
                sent: Any = copy(self.data)
                sent[sent_as] = now  # so that saving it again decides
                self.data = sent
        return cleaned

    def _who_changed_it(self, now: Any) -> str:
        newest = entries_about(self.instance).first()
        return _(
            "%(who)s has changed this to %(now)s since you opened the list. Save again to keep what stands "
            "here."
        ) % {"who": newest.who if newest else "hireops", "now": now}
