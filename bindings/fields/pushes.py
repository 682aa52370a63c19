"""Pushing the form to Feishu: what it would do, and owing it."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.fields import history
from bindings.fields.calls import OPERATIONS, body_of
from bindings.fields.plan import Kind, Plan, Problem, ProblemKind, Step, plan_push, steps
from bindings.fields.services import burned_key_reason, lock_definitions
from bindings.models import CustomField, CustomFieldPush
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from hireops.outbox import services as outbox


class PlanChangedError(Refused):
    """What would be sent is no longer what the person has looked at."""


class RemovalsNotConfirmedError(Refused):
    """A key leaves the form and the person has not typed it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a push of this scope would do now. ``given_up`` are the keys to confirm: those that leave the
    form of today, and those that may be on it because a push ended without an answer."""

    scope: int
    plan: Plan
    given_up: tuple[str, ...]
    accepted: CustomFieldPush | None
    open_pushes: Sequence[CustomFieldPush]
    unclear_pushes: Sequence[CustomFieldPush]
    tenants: Sequence[Tenant]
    tenants_behind: Sequence[Tenant]
    fingerprint: str

    def steps(self, *, whole: bool = False) -> list[Step]:
        """The calls of the push to one tenant, in their order."""
        certain = not self.unclear_pushes and not self.tenants_behind
        return steps(self.plan, self.given_up, certain=certain, whole=whole)

    @property
    def may_update_texts(self) -> bool:
        """Whether the gentler road is open: it changes names and hints, and no key can be burned by it."""
        return [step.kind for step in self.steps()] == [Kind.UPDATE]


def preview_push(scope: int) -> Preview:
    """The plan of a push of this scope with all that a person must know before confirming it."""
    past = history.read(scope)
    rows = CustomField.objects.filter(scope=scope, retired=False)
    plan = plan_push(past.form_today, [row.as_planned() for row in rows], past.burned)
    tenants = customer_tenants()
    return Preview(
        scope=scope,
        plan=plan,
        given_up=_given_up(plan, past.unclear),
        accepted=past.accepted,
        open_pushes=past.open,
        unclear_pushes=past.unclear,
        tenants=tenants,
        tenants_behind=past.tenants_without_form(tenants),
        fingerprint=_fingerprint(plan, past.unclear, tenants, past.newest),
    )


def customer_tenants() -> list[Tenant]:
    """The tenants that each get the list: all active ones of a store app. A custom app needs none named."""
    if settings.FEISHU_APP_TYPE != "store":
        return []
    return list(Tenant.objects.active())


def _given_up(plan: Plan, unclear: Sequence[CustomFieldPush]) -> tuple[str, ...]:
    wanted = {field.key for field in plan.wanted}
    there = [field.key for field in plan.today]
    perhaps_there = [field.key for push in unclear for field in push.form]
    return tuple(key for key in dict.fromkeys(there + perhaps_there) if key not in wanted)


def _fingerprint(
    plan: Plan,
    unclear: Sequence[CustomFieldPush],
    tenants: Sequence[Tenant],
    newest: CustomFieldPush | None,
) -> str:
    """Equal exactly as long as a push would do the same, and nobody else has pushed."""
    seen = {
        "today": [field.as_sent() for field in plan.today],
        "wanted": [field.as_sent() for field in plan.wanted],
        "unclear": [push.pk for push in unclear],
        "tenants": [tenant.pk for tenant in tenants],
        "newest": newest.pk if newest else None,
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def push_custom_fields(
    *, by: User, scope: int, fingerprint: str, confirmed_removals: Collection[str], whole: bool = False
) -> list[CustomFieldPush]:
    """Owe Feishu what leads to the list of this scope, as a person has just looked at it.

    ``fingerprint`` is that of the ``Preview`` shown; ``confirmed_removals`` are the keys typed; ``whole``
    sends the whole list where an update of the texts would do. The calls go once to a custom app's only
    tenant, and to each active tenant of a store app (contract 3.2 leaves open whether a store app's list is
    shared; telling each tenant is right either way). Raises ``PlanChangedError``,
    ``RemovalsNotConfirmedError`` or ``Refused``; then nothing is owed.
    """
    with transaction.atomic():
        lock_definitions()
        preview = preview_push(scope)
        _check(preview, fingerprint, confirmed_removals)
        _end_older(preview)
        tenants: list[Tenant | None] = list(preview.tenants) or [None]
        # Step by step for all tenants: in the order of the pushes no list loses a key and gets it back.
        return [
            _enqueue(preview, step, tenant, by) for step in preview.steps(whole=whole) for tenant in tenants
        ]


def _end_older(preview: Preview) -> None:
    """Older updates and deletes are not sent any more; an older list gives way to the newer one anyway."""
    for push in preview.open_pushes:
        if push.kind == CustomFieldPush.Kind.REPLACE:
            continue
        try:
            outbox.cancel_call(push.call, by=None, reason="")
        except Refused as refusal:
            raise Refused(
                _("Nothing was sent: an earlier push is on its way. %(why)s") % {"why": refusal}
            ) from refusal


def _check(preview: Preview, fingerprint: str, confirmed_removals: Collection[str]) -> None:
    if preview.fingerprint != fingerprint:
        raise PlanChangedError(
            _(
                "Nothing was sent: the fields or the form at Feishu changed after this page was opened. Look "
                "at the new difference below and confirm again."
            )
        )
    if reasons := reasons_not_to_push(preview):
        raise Refused(" ".join(reasons))
    if missing := not_confirmed(preview.given_up, confirmed_removals):
        raise RemovalsNotConfirmedError(
            _("Nothing was sent: type each key that leaves the form, exactly as shown: %(keys)s")
            % {"keys": ", ".join(missing)}
        )


def not_confirmed(given_up: Iterable[str], typed: Collection[str]) -> list[str]:
    """Of the keys that leave the form, those that nobody has typed."""
    return [key for key in given_up if key not in typed]


def reasons_not_to_push(preview: Preview) -> list[str]:
    """Why this list can't be pushed, each as a sentence for staff. Empty if it can."""
    reasons = [_reason(problem) for problem in preview.plan.problems]
    if settings.FEISHU_APP_TYPE == "store" and not preview.tenants:
        reasons.append(_("No customer has installed the app yet, so there is nobody to push to."))
    return reasons


def _reason(problem: Problem) -> str:
    match problem.kind:
        case ProblemKind.EMPTY:
            return _("The form would be empty. Feishu needs at least one field that is not retired.")
        case ProblemKind.BURNED:
            return burned_key_reason(problem.key)
        case ProblemKind.DUPLICATE:
            return _("The key %(key)s is used twice. Each key may be used once.") % {"key": problem.key}
        case ProblemKind.NO_CHINESE_NAME:
            return _("The field %(key)s has no Chinese name. Customers need one.") % {"key": problem.key}


def _enqueue(preview: Preview, step: Step, tenant: Tenant | None, by: User) -> CustomFieldPush:
    plan, is_delete = preview.plan, step.kind is Kind.DELETE
    push = CustomFieldPush(
        scope=preview.scope,
        kind=step.kind.value,
        tenant=tenant,
        fields=[field.as_sent() for field in step.after],
        added=[] if is_delete else [field.key for field in plan.added],
        changed=[] if is_delete else [change.after.key for change in plan.changed],
        removed=list(step.deleted),
        created_by=by,
    )
    push.call = outbox.enqueue(
        operation=OPERATIONS[CustomFieldPush.Kind(push.kind)],
        target=f"eco_account_custom_fields:{preview.scope}",
        payload=body_of(push),
        tenant=tenant,
        by=by,
        supersede=step.kind is Kind.REPLACE,
    )
    push.save(force_insert=True)
    audit.record(
        by=by,
        action=gettext_noop("custom fields pushed"),
        on=push,
        kind=push.kind,
        added=push.added,
        changed=push.changed,
        removed=push.removed,
    )
    return push
