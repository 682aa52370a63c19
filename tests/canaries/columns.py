"""What each column of text may hold in clear. A column without an entry here fails ``test_columns.py``.

Before you add one, think: what could people, Feishu or a customer write there?

- ``NOTHING``: names, numbers, states and sentences of our own; nobody's data, nobody's secret
- ``PERSONAL``: names, numbers and addresses of people, or what may quote them. It has its readers,
  a mask for all others, and an end (a retention time, or none because it is evidence of money)
- ``UNREADABLE``: secrets, and what may quote them: encrypted, hashed or signed
"""

from enum import Enum, auto


class Holds(Enum):
    NOTHING = auto()
    PERSONAL = auto()
    UNREADABLE = auto()


NOTHING, PERSONAL, UNREADABLE = Holds

COLUMNS: dict[str, dict[str, Holds]] = {
    "account.EmailAddress": {"email": PERSONAL},
    "account.EmailConfirmation": {"key": UNREADABLE},
    "admin.LogEntry": {"object_id": NOTHING, "object_repr": PERSONAL, "change_message": NOTHING},
    "auth.Group": {"name": NOTHING},
    "auth.Permission": {"name": NOTHING, "codename": NOTHING},
    "auth.User": {
        "password": UNREADABLE,
        "username": PERSONAL,
        "first_name": PERSONAL,
        "last_name": PERSONAL,
        "email": PERSONAL,
    },
    "bindings.CustomField": {
        "key": NOTHING,
        "name_zh": NOTHING,
        "name_en": NOTHING,
        "description_zh": NOTHING,
        "description_en": NOTHING,
    },
    "bindings.CustomFieldPush": {
        "fields": NOTHING,
        "added": NOTHING,
        "changed": NOTHING,
        "removed": NOTHING,
    },
    # What customers fill into the vendor's form; only the vendor's staff see it.
    "bindings.CustomFieldValue": {"key": NOTHING, "value": PERSONAL},
    "bindings.EcoAccount": {"account_id": NOTHING, "name": PERSONAL, "usages": NOTHING},
    "contenttypes.ContentType": {"app_label": NOTHING, "model": NOTHING},
    # Who did what to what, for ever; ``details`` never quotes a contact.
    "desk.AuditEntry": {
        "actor_name": PERSONAL,
        "action": NOTHING,
        "target_id": NOTHING,
        "target_label": PERSONAL,
        "reason": PERSONAL,
        "details": NOTHING,
    },
    "desk.Heartbeat": {"name": NOTHING},
    "desk.InvariantCheck": {"sentences": NOTHING},
    "desk.RepeatedEntry": {"key": UNREADABLE},
    "feishu.AccessToken": {"app_id": NOTHING, "tenant_key": NOTHING, "sealed": UNREADABLE},
    "feishu.AppTicket": {"app_id": NOTHING, "sealed": UNREADABLE},
    "feishu.Quota": {"app_id": NOTHING, "tenant_key": NOTHING, "endpoint": NOTHING},
    "feishu.Tenant": {"app_id": NOTHING, "tenant_key": NOTHING, "name": NOTHING},
    "inbox.Attempt": {"error": NOTHING},
    "inbox.Batch": {"events": NOTHING},
    "inbox.Conflict": {"digest": UNREADABLE, "raw": UNREADABLE, "payload": PERSONAL},
    "inbox.Event": {
        "app_id": NOTHING,
        "event_id": NOTHING,
        "event_type": NOTHING,
        "tenant_key": NOTHING,
        "raw": UNREADABLE,
        "payload": PERSONAL,
        "digest": UNREADABLE,
        "reason": NOTHING,
        "subject": NOTHING,
    },
    "inbox.Replay": {"event_type": NOTHING, "reason": PERSONAL},
    "jobs.Job": {"kind": NOTHING, "reason": PERSONAL, "error": NOTHING},
    "mfa.Authenticator": {"data": UNREADABLE},
    "outbox.Attempt": {
        "message": PERSONAL,
        "log_id": NOTHING,
        "endpoint": NOTHING,
        "request": PERSONAL,
        "response": PERSONAL,
    },
    "outbox.Call": {
        "operation": NOTHING,
        "target": NOTHING,
        "lane": NOTHING,
        "payload": PERSONAL,
        "reason": NOTHING,
        "reason_details": NOTHING,
        "answer": PERSONAL,
        "log_id": NOTHING,
        "error_message": PERSONAL,
    },
    "outbox.Channel": {"operation": NOTHING},
    # Good for two weeks, and masked on every page; the right one to ask about it is whoever invited.
    "people.Invitation": {"mobile": PERSONAL, "email": PERSONAL},
    "people.PayoutRight": {"permission": NOTHING},
    "people.Session": {
        "session_data": UNREADABLE,
        "session_key": NOTHING,
        "address": PERSONAL,
        "user_agent": NOTHING,
    },
    "people.Tally": {"key": UNREADABLE},
    "referrals.Balance": {"asset": NOTHING},
    "referrals.BalanceChange": {"asset": NOTHING},
    "referrals.Case": {"asset": NOTHING, "note": PERSONAL},
    "referrals.PayoutBatch": {"note": PERSONAL},
    # What hireops laid before two people: ids, figures, and their own words.
    "referrals.Ending": {
        "taken": NOTHING,
        "reason": PERSONAL,
        "evidence": NOTHING,
        "decision_reason": PERSONAL,
        "decided_on": NOTHING,
    },
    # Whom money went to, as it was then: evidence.
    "referrals.Payment": {
        "payment_id": NOTHING,
        "asset": NOTHING,
        "payee_name": PERSONAL,
        "payee_mobile": PERSONAL,
        "payee_email": PERSONAL,
        "reference": PERSONAL,
        "reason": PERSONAL,
    },
    "referrals.Reconciliation": {"owed_up_to": NOTHING},
    "referrals.ReconciliationChunk": {"points": NOTHING},
    "referrals.ReferralAccount": {
        "account_id": NOTHING,
        "mobile": PERSONAL,
        "email": PERSONAL,
        "name": PERSONAL,
        "feishu_name": PERSONAL,
        "feishu_mobile": PERSONAL,
        "feishu_email": PERSONAL,
    },
    "referrals.Registration": {
        "tenant_given": PERSONAL,
        "mobile_given": PERSONAL,
        "email_given": PERSONAL,
        "name": PERSONAL,
        "mobile": PERSONAL,
        "email": PERSONAL,
        "problem": NOTHING,
        "problem_details": NOTHING,
    },
    "referrals.RegistrationImport": {
        "file_name": PERSONAL,
        "content": PERSONAL,
        "problem": NOTHING,
        "problem_details": NOTHING,
    },
    "referrals.Withdrawal": {
        "external_order_id": NOTHING,
        "request_reason": PERSONAL,
        "decision_reason": PERSONAL,
    },
    "referrals.WithdrawalAmount": {"asset": NOTHING},
    "sessions.Session": {"session_key": NOTHING, "session_data": UNREADABLE},
    "socialaccount.SocialAccount": {
        "provider": NOTHING,
        "uid": PERSONAL,
        "extra_data": PERSONAL,
    },
    # Django-allauth's; hireops takes its app from the environment and keeps no token of a person.
    "socialaccount.SocialApp": {
        "provider": NOTHING,
        "provider_id": NOTHING,
        "name": NOTHING,
        "client_id": NOTHING,
        "secret": UNREADABLE,
        "key": UNREADABLE,
        "settings": UNREADABLE,
    },
    "socialaccount.SocialToken": {"token": UNREADABLE, "token_secret": UNREADABLE},
}
