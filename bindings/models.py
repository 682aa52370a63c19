"""All models of the app, for Django and for other rooms. Each is defined in the models.py of its room."""

from bindings.accounts.models import AccountBinding, AccountToBind, CustomFieldValue, EcoAccount
from bindings.checks.models import BackgroundCheck, CheckCancellation, CheckTenant, CheckUpdate, StageTemplate
from bindings.customers.models import Customer, CustomerContact, CustomerImport, CustomerImportRow
from bindings.exams.models import Exam, ExamUpdate
from bindings.fields.models import CustomField, CustomFieldPush
from bindings.matching.models import BindingChange, BindingCode, MatchingRule
from bindings.offers.confirmed import (
    AccountOffer,
    OfferCall,
    OfferedItem,
    OfferReading,
    OfferRun,
    OfferRunAccount,
)
from bindings.offers.models import AdditionalItem, CheckPackage, ExamPaper, Offer
from bindings.order_files.models import OrderFile, OrderFileRow
from bindings.order_forms.models import AccountOrderForm, OrderForm, OrderFormField, OrderFormPush
from bindings.orders.models import Order, OrderUpdate, PromiseChange, Turn
from bindings.reports.models import ReportFetch, ReportFile, ReportLink
from bindings.scope import Scope, Usage
from bindings.workdays.models import WorkDay

__all__ = [
    "AccountBinding",
    "AccountOffer",
    "AccountOrderForm",
    "AccountToBind",
    "AdditionalItem",
    "BackgroundCheck",
    "BindingChange",
    "BindingCode",
    "CheckCancellation",
    "CheckPackage",
    "CheckTenant",
    "CheckUpdate",
    "CustomField",
    "CustomFieldPush",
    "CustomFieldValue",
    "Customer",
    "CustomerContact",
    "CustomerImport",
    "CustomerImportRow",
    "EcoAccount",
    "Exam",
    "ExamPaper",
    "ExamUpdate",
    "MatchingRule",
    "Offer",
    "OfferCall",
    "OfferReading",
    "OfferRun",
    "OfferRunAccount",
    "OfferedItem",
    "Order",
    "OrderFile",
    "OrderFileRow",
    "OrderForm",
    "OrderFormField",
    "OrderFormPush",
    "OrderUpdate",
    "PromiseChange",
    "ReportFetch",
    "ReportFile",
    "ReportLink",
    "Scope",
    "StageTemplate",
    "Turn",
    "Usage",
    "WorkDay",
]
