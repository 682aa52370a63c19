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
    "bindings.AccountOffer": {"target": NOTHING, "reason": NOTHING},
    "bindings.AdditionalItem": {"code": NOTHING, "name": NOTHING, "description": NOTHING},
    # Candidates, and who has ordered: emptied with the order (CHECKS_KEEP_DAYS).
    "bindings.BackgroundCheck": {
        "account_named": NOTHING,
        "candidate_name": PERSONAL,
        "candidate_mobile": PERSONAL,
        "candidate_email": PERSONAL,
        "to_look_at": NOTHING,
        "notes": PERSONAL,
        "background_check_id": NOTHING,
        "package_id": NOTHING,
        "package_name": NOTHING,
        "items": NOTHING,
        "comment": PERSONAL,
        "client_contact_name": PERSONAL,
        "client_contact_mobile": PERSONAL,
        "client_contact_email": PERSONAL,
        "answers": UNREADABLE,
        "termination_reason": PERSONAL,
    },
    "bindings.CheckCancellation": {"background_check_id": NOTHING},
    "bindings.CheckUpdate": {
        "why": NOTHING,
        "stage_id": NOTHING,
        "stage_name": NOTHING,
        "stage_en_name": NOTHING,
        "result": PERSONAL,
        "reason": PERSONAL,
        "reports": PERSONAL,
    },
    "bindings.CheckPackage": {"code": NOTHING, "name": NOTHING, "description": NOTHING},
    # Of each field that a second event changed, what was typed before and after.
    "bindings.AccountBinding": {"changes": PERSONAL},
    "bindings.BindingChange": {"key": NOTHING, "value": PERSONAL, "reason": PERSONAL, "kind": NOTHING},
    "bindings.BindingCode": {"digest": UNREADABLE, "hint": NOTHING},
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
    # Whom the vendor serves; contacts are people.
    "bindings.Customer": {
        "code": NOTHING,
        "normalised_code": NOTHING,
        "name": PERSONAL,
        "tier": NOTHING,
        "notes": PERSONAL,
    },
    "bindings.CustomerContact": {"name": PERSONAL, "title": PERSONAL, "mobile": PERSONAL, "email": PERSONAL},
    "bindings.CustomerImport": {
        "file_name": PERSONAL,
        "content": PERSONAL,
        "problem": NOTHING,
        "problem_details": NOTHING,
    },
    # As it stands in the file, until ``IMPORTS_KEEP_DAYS`` after the import has ended.
    "bindings.CustomerImportRow": {
        "problem": NOTHING,
        "problem_details": PERSONAL,
        "code": NOTHING,
        "name": PERSONAL,
        "tier": NOTHING,
        "responsible_given": PERSONAL,
        "contact_name": PERSONAL,
        "contact_title": PERSONAL,
        "mobile_given": PERSONAL,
        "email_given": PERSONAL,
        "notes": PERSONAL,
        "normalised_code": NOTHING,
        "mobile": PERSONAL,
        "email": PERSONAL,
        "changes": PERSONAL,
    },
    # What customers fill into the vendor's form; only the vendor's staff see it.
    "bindings.CustomFieldValue": {"key": NOTHING, "value": PERSONAL},
    "bindings.EcoAccount": {"account_id": NOTHING, "name": PERSONAL, "usages": NOTHING},
    "bindings.ExamPaper": {"code": NOTHING, "name": NOTHING, "description": NOTHING},
    "bindings.Offer": {"tier": NOTHING},
    "bindings.OfferCall": {"sent": NOTHING, "before": NOTHING},
    "bindings.OfferReading": {"app_id": NOTHING},
    "bindings.OfferRunAccount": {"fingerprint": NOTHING},
    "bindings.OfferedItem": {"feishu_id": NOTHING, "code": NOTHING, "content": NOTHING, "doubt": NOTHING},
    # Staff write the reason in their own words.
    "bindings.PromiseChange": {"reason": PERSONAL},
    # Who has fetched a report, from where.
    "bindings.ReportFetch": {"address": PERSONAL, "agent": PERSONAL, "method": NOTHING},
    # Its name mostly says whom it is about; what is in it lies in the storage.
    "bindings.ReportFile": {"name": PERSONAL, "sha256": NOTHING, "scanned_by": NOTHING},
    "bindings.ReportLink": {"token": UNREADABLE, "token_digest": UNREADABLE, "revoked_because": PERSONAL},
    "bindings.StageTemplate": {"name": NOTHING, "en_name": NOTHING},
    # What a form asks for, not what anybody answers.
    "bindings.AccountOrderForm": {
        "digest": NOTHING,
    },
    "bindings.OrderForm": {"name": NOTHING, "notes": NOTHING, "digest": NOTHING},
    "bindings.OrderFormField": {
        "base_key": NOTHING,
        "name_zh": NOTHING,
        "name_en": NOTHING,
        "description_zh": NOTHING,
        "description_en": NOTHING,
        "options": NOTHING,
    },
    "bindings.OrderFormPush": {"why": NOTHING, "fields": NOTHING, "sensitive": NOTHING},
    "bindings.MatchingRule": {"key": NOTHING},
    # Whom an exam is about goes when its time is over (CANDIDATES_KEEP_DAYS); every list masks it.
    "bindings.Exam": {
        "exam_id": NOTHING,
        "account_named": NOTHING,
        "candidate_name": PERSONAL,
        "candidate_mobile": PERSONAL,
        "candidate_email": PERSONAL,
        "paper_id": NOTHING,
        "paper_name": NOTHING,
        "talent_id": NOTHING,
        "application_id": NOTHING,
        "department": NOTHING,
        "to_look_at": NOTHING,
        "notes": PERSONAL,
    },
    # Links and logins are encrypted; notes for the customer, parts and names of reports go with the exam's.
    "bindings.ExamUpdate": {
        "why": NOTHING,
        "message": PERSONAL,
        "access": UNREADABLE,
        "score": NOTHING,
        "details": PERSONAL,
        "reports": PERSONAL,
        "reason": PERSONAL,
    },
    "bindings.WorkDay": {"name": NOTHING, "source": NOTHING},
    # Encrypted, and only until it has been checked.
    "bindings.OrderFile": {
        "file_name": PERSONAL,
        "content": UNREADABLE,
        "problem": NOTHING,
        "problem_details": NOTHING,
    },
    # Gone some time after the file has been told (IMPORTS_KEEP_DAYS); logins as soon as they are.
    "bindings.OrderFileRow": {
        "problem": NOTHING,
        "problem_details": NOTHING,
        "order_given": NOTHING,
        "what_given": NOTHING,
        "stage_name": NOTHING,
        "stage_en_name": NOTHING,
        "time_given": NOTHING,
        "result": PERSONAL,
        "score": NOTHING,
        "parts_given": PERSONAL,
        "access": UNREADABLE,
        "code": NOTHING,
        "message": PERSONAL,
        "report_given": PERSONAL,
        "report_name": PERSONAL,
        "reason": PERSONAL,
        "remarks": NOTHING,
    },
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
    "desk.DailyFigures": {"series": NOTHING, "figures": NOTHING},
    "desk.Heartbeat": {"name": NOTHING, "host": NOTHING, "version": NOTHING, "queues": NOTHING},
    "desk.InvariantCheck": {"sentences": NOTHING},
    # What was found is counts and numbers of batches, by labels of ours.
    "desk.Release": {"part": NOTHING, "reason": PERSONAL, "found": NOTHING},
    "desk.RepeatedEntry": {"key": UNREADABLE},
    "desk.Restoration": {"reason": PERSONAL},
    # What was searched for is not in the query, and no list is narrowed by anything of a person.
    "desk.SavedFilter": {"list": NOTHING, "name": NOTHING, "query": NOTHING},
    # What was found by the doctor: settings, hosts, folders and counts.
    "doctor.Examination": {"host": NOTHING, "version": NOTHING, "findings": NOTHING},
    "exports.Export": {
        "listed": NOTHING,
        "address": UNREADABLE,
        "narrowed": NOTHING,
        "language": NOTHING,
        "problem": NOTHING,
        "header": NOTHING,
        "sha256": NOTHING,
    },
    "exports.ExportPiece": {"keys": NOTHING, "content": UNREADABLE},
    "feishu.AccessToken": {"app_id": NOTHING, "tenant_key": NOTHING, "sealed": UNREADABLE},
    "feishu.AppTicket": {"app_id": NOTHING, "sealed": UNREADABLE},
    "feishu.Quota": {"app_id": NOTHING, "tenant_key": NOTHING, "endpoint": NOTHING},
    "feishu.RefusedSecret": {"digest": UNREADABLE},
    "feishu.Tenant": {"app_id": NOTHING, "tenant_key": NOTHING, "name": NOTHING},
    "inbox.Attempt": {"error": NOTHING},
    "inbox.Batch": {"events": NOTHING},
    "inbox.Conflict": {"digest": UNREADABLE, "raw": UNREADABLE, "payload": PERSONAL},
    "inbox.Event": {
        "app_id": NOTHING,
        "event_id": NOTHING,
        "event_type": NOTHING,
        "tenant_key": NOTHING,
        "digest": UNREADABLE,
        "reason": NOTHING,
        "subject": NOTHING,
    },
    "inbox.EventContent": {"raw": UNREADABLE, "payload": PERSONAL},
    "inbox.JournalFailure": {"host": NOTHING, "reason": NOTHING},
    "inbox.Replay": {"event_type": NOTHING, "reason": PERSONAL},
    "jobs.Job": {"kind": NOTHING, "reason": PERSONAL, "error": NOTHING},
    "mfa.Authenticator": {"data": UNREADABLE},
    # What is told of is named by its row's number, or by a figure of the health page.
    "notices.Occasion": {"source": NOTHING, "key": NOTHING},
    "notices.Recipient": {"switched_off": NOTHING},
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
    # The file itself, which names people and their accounts, is encrypted and emptied with the payees.
    "referrals.ResultsFile": {"name": PERSONAL, "sheet": NOTHING, "content": UNREADABLE, "offered": NOTHING},
    "referrals.Reversal": {"reason": PERSONAL, "decision_reason": PERSONAL},
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
        "notes": PERSONAL,
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
