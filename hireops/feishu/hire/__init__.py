"""The interfaces of Feishu Hire, one function each.

Every function takes the tenant first and the rest by name, sends one request, and gives Feishu's ``Answer``
as it came, so that the outbox can store it and take it in again later; where it carries data, a type of
``results.py`` reads it. All raise ``FeishuError``; a value that Feishu would refuse or spoil raises
``ValueError`` or ``TypeError`` before anything is sent. Times may be ``datetime`` or text, because that is
what an outbox payload has. Quotas and codes: ``hireops.feishu.endpoints``.
"""

from hireops.feishu.hire.background_check import (
    ReportFile,
    cancel_eco_background_check,
    update_eco_background_check_progress,
    update_eco_background_check_result,
)
from hireops.feishu.hire.background_check_form import (
    AdditionalItem,
    Option,
    OrderCustomField,
    Package,
    batch_delete_eco_background_check_custom_field,
    batch_delete_eco_background_check_package,
    batch_update_eco_background_check_custom_field,
    batch_update_eco_background_check_package,
    create_eco_background_check_custom_field,
    create_eco_background_check_package,
)
from hireops.feishu.hire.eco_account import (
    AccountCustomField,
    batch_delete_eco_account_custom_field,
    batch_update_eco_account_custom_field,
    create_eco_account_custom_field,
)
from hireops.feishu.hire.exam import (
    ExamDetail,
    ExamReport,
    Paper,
    batch_delete_eco_exam_paper,
    batch_update_eco_exam_paper,
    create_eco_exam_paper,
    send_eco_exam_login_info,
    update_eco_exam_result,
)
from hireops.feishu.hire.orders import batch_query_background_check_orders, list_background_check_orders
from hireops.feishu.hire.outbound_ip import list_outbound_ips
from hireops.feishu.hire.referral_account import (
    BonusType,
    Mobile,
    create_referral_account,
    deactivate_referral_account,
    enable_referral_account,
    get_referral_account_assets,
    reconcile_referral_accounts,
    withdraw_referral_account,
)
from hireops.feishu.hire.results import (
    Account,
    AccountStatus,
    Bonus,
    Cash,
    Difference,
    Order,
    OrderPage,
    OrderStatus,
    OutboundIpPage,
    ReconciliationResult,
    Referrer,
    ReportType,
    WithdrawalResult,
)
from hireops.feishu.hire.wire import I18n, Moment

__all__ = [
    "Account",
    "AccountCustomField",
    "AccountStatus",
    "AdditionalItem",
    "Bonus",
    "BonusType",
    "Cash",
    "Difference",
    "ExamDetail",
    "ExamReport",
    "I18n",
    "Mobile",
    "Moment",
    "Option",
    "Order",
    "OrderCustomField",
    "OrderPage",
    "OrderStatus",
    "OutboundIpPage",
    "Package",
    "Paper",
    "ReconciliationResult",
    "Referrer",
    "ReportFile",
    "ReportType",
    "WithdrawalResult",
    "batch_delete_eco_account_custom_field",
    "batch_delete_eco_background_check_custom_field",
    "batch_delete_eco_background_check_package",
    "batch_delete_eco_exam_paper",
    "batch_query_background_check_orders",
    "batch_update_eco_account_custom_field",
    "batch_update_eco_background_check_custom_field",
    "batch_update_eco_background_check_package",
    "batch_update_eco_exam_paper",
    "cancel_eco_background_check",
    "create_eco_account_custom_field",
    "create_eco_background_check_custom_field",
    "create_eco_background_check_package",
    "create_eco_exam_paper",
    "create_referral_account",
    "deactivate_referral_account",
    "enable_referral_account",
    "get_referral_account_assets",
    "list_background_check_orders",
    "list_outbound_ips",
    "reconcile_referral_accounts",
    "send_eco_exam_login_info",
    "update_eco_background_check_progress",
    "update_eco_background_check_result",
    "update_eco_exam_result",
    "withdraw_referral_account",
]
