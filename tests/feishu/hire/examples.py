"""The published requests and answers (``tests/feishu/data/api``), and our own call for each."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hireops.feishu import application, hire, im
from hireops.feishu.client import Answer
from tests.feishu.servers import Behaviour, answer

DATA = Path(__file__).parent.parent / "data" / "api"
TOKEN = "t-7f1bcd13fc57d46bac21793a18e560"

ACCOUNT_ID = "6942778198054125570"
CHECK_ACCOUNT_ID = "6995842370159937061"
EXAM_ACCOUNT_ID = "7147998241542539527"
CHECK_ID = "6931286400470354183"
EXAM_ID = "7178536692385679677"
REPORTED_AT = datetime(2022, 8, 10, 9, 24, 16, 789000, UTC)
EXAM_AT = datetime(2022, 7, 24, 15, 23, 54, 53000, UTC)
REPORT: hire.ReportFile = {
    "report_name": "阶段报告.pdf",
    "report_url": "https://xxxxx/xxxxxx/xxxx.pdf",
    "report_url_type": 1,
}
ACCOUNT_FIELD: hire.AccountCustomField = {
    "key": "account_token",
    "name": {"zh_cn": "账号token", "en_us": "Account token"},
    "is_required": True,
    "description": {
        "zh_cn": "账号的唯一标识，可联系客服获取",
        "en_us": "The unique identifier of the account can be obtained by contacting the customer service",
    },
}
ORDER_FIELD: hire.OrderCustomField = {
    "type": "select",
    "key": "candidate_degree",
    "name": {"zh_cn": "候选人学历", "en_us": "Candidate degree"},
    "is_required": True,
    "description": {"zh_cn": "候选人的真实学历", "en_us": "The candidate's real degree"},
    "options": [{"key": "bachelor", "name": {"zh_cn": "本科", "en_us": "Bachelor"}}],
}
NEWER_ORDER_FIELD = ORDER_FIELD | {
    "name": {"zh_cn": "候选人学历", "en_us": "Candidate's degree"},
    "description": {"zh_cn": "候选人真实学历", "en_us": "The candidate's real degree"},
}
PACKAGE: hire.Package = {
    "id": "pkg001",
    "name": "基础套餐",
    "description": (
        "工作履历信息验证X1，工作表现鉴定评价X1，教育背景核实，公民身份信息验证，简历对比，民事诉讼调查"
    ),
}
ITEM: hire.AdditionalItem = {"id": "ext001", "name": "工作履历信息验证X2", "description": "详细调查"}
PACKAGES = {
    "account_id": CHECK_ACCOUNT_ID,
    "package_list": [PACKAGE],
    "additional_item_list": [ITEM],
}
PAPER: hire.Paper = {
    "id": "7147998241542539527",
    "name": "春季测评",
    "duration": 30,
    "question_count": 30,
    "start_time": EXAM_AT,
    "end_time": datetime(2022, 12, 31, tzinfo=UTC),
}
PAPERS = {"account_id": EXAM_ACCOUNT_ID, "paper_list": [PAPER]}

# By the name of the endpoint: our function, and the arguments that make the published request.
CALLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "referral_account.create": (
        hire.create_referral_account,
        {"mobile": {"code": "86", "number": "18900001111"}, "email": "hire@open.com"},
    ),
    "referral_account.get_account_assets": (
        hire.get_referral_account_assets,
        {"referral_account_id": ACCOUNT_ID, "user_id_type": "open_id"},
    ),
    "referral_account.enable": (hire.enable_referral_account, {"referral_account_id": ACCOUNT_ID}),
    "referral_account.deactivate": (hire.deactivate_referral_account, {"referral_account_id": ACCOUNT_ID}),
    "referral_account.withdraw": (
        hire.withdraw_referral_account,
        {
            "referral_account_id": ACCOUNT_ID,
            "withdraw_bonus_type": [hire.BonusType.POINTS],
            "external_order_id": "6942778198054125570",
        },
    ),
    "referral_account.reconciliation": (
        hire.reconcile_referral_accounts,
        {
            "start_trans_time": datetime(2023, 5, 30, 3, 20, 31, 621000, UTC),
            "end_trans_time": datetime(2023, 5, 30, 3, 20, 31, 622000, UTC),
            "points": {"6930815272790114324": 100},
        },
    ),
    "eco_account_custom_field.create": (
        hire.create_eco_account_custom_field,
        {"scope": 1, "custom_field_list": [ACCOUNT_FIELD]},
    ),
    "eco_account_custom_field.batch_update": (
        hire.batch_update_eco_account_custom_field,
        {"scope": 1, "custom_field_list": [ACCOUNT_FIELD]},
    ),
    "eco_account_custom_field.batch_delete": (
        hire.batch_delete_eco_account_custom_field,
        {"scope": 1, "custom_field_key_list": ["account_token_v1"]},
    ),
    "eco_background_check_custom_field.create": (
        hire.create_eco_background_check_custom_field,
        {"account_id": CHECK_ACCOUNT_ID, "custom_field_list": [ORDER_FIELD]},
    ),
    "eco_background_check_custom_field.batch_update": (
        hire.batch_update_eco_background_check_custom_field,
        {"account_id": CHECK_ACCOUNT_ID, "custom_field_list": [NEWER_ORDER_FIELD]},
    ),
    "eco_background_check_custom_field.batch_delete": (
        hire.batch_delete_eco_background_check_custom_field,
        {"account_id": CHECK_ACCOUNT_ID},
    ),
    "eco_background_check_package.create": (hire.create_eco_background_check_package, PACKAGES),
    "eco_background_check_package.batch_update": (hire.batch_update_eco_background_check_package, PACKAGES),
    "eco_background_check_package.batch_delete": (
        hire.batch_delete_eco_background_check_package,
        {
            "account_id": CHECK_ACCOUNT_ID,
            "package_id_list": ["7230753910687080001"],
            "additional_item_id_list": ["7230753910687080002"],
        },
    ),
    "eco_background_check.update_progress": (
        hire.update_eco_background_check_progress,
        {
            "background_check_id": CHECK_ID,
            "stage_id": "6931286400470354183",
            "stage_name": "阶段报告",
            "stage_en_name": "stage report",
            "stage_time": REPORTED_AT,
            "result": "通过",
            "report_file_list": [REPORT],
        },
    ),
    "eco_background_check.update_result": (
        hire.update_eco_background_check_result,
        {
            "background_check_id": CHECK_ID,
            "result": "无差异",
            "result_time": REPORTED_AT,
            "report_file_list": [REPORT],
        },
    ),
    "eco_background_check.cancel": (hire.cancel_eco_background_check, {"background_check_id": CHECK_ID}),
    "eco_exam_paper.create": (hire.create_eco_exam_paper, PAPERS),
    "eco_exam_paper.batch_update": (hire.batch_update_eco_exam_paper, PAPERS),
    "eco_exam_paper.batch_delete": (
        hire.batch_delete_eco_exam_paper,
        {"account_id": EXAM_ACCOUNT_ID, "paper_id_list": ["7147998241542539526"]},
    ),
    "eco_exam.login_info": (
        hire.send_eco_exam_login_info,
        {
            "exam_id": EXAM_ID,
            "exam_url": "https://xxxx/xxxx/xxxx",
            "username": "waxsdfbhg",
            "password": "xxxxxx",
            "result": 0,
            "msg": "success",
        },
    ),
    "eco_exam.update_result": (
        hire.update_eco_exam_result,
        {
            "exam_id": EXAM_ID,
            "result": "60.5",
            "result_time": EXAM_AT,
            "report_list": [
                {
                    "name": "张三的笔试结果.pdf",
                    "url": "https://xxxxx/xxxxxx/xxxx.pdf",
                    "answer_time": EXAM_AT,
                }
            ],
            "detail_list": [{"id": "pj001", "name": "基本功", "result": "优秀"}],
        },
    ),
    "event.outbound_ip.list": (hire.list_outbound_ips, {"page_size": 10}),
}

# The two that have no published example, by contract 4.12.
READ_BACK: dict[str, tuple[Any, dict[str, Any]]] = {
    "background_check_order.list": (hire.list_background_check_orders, {}),
    "background_check_order.batch_query": (
        hire.batch_query_background_check_orders,
        {"background_check_order_id_list": [CHECK_ID]},
    ),
}
# Not of Hire, so without a published example here either.
MESSAGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "message.create": (im.send_card, {"open_id": "ou_1", "card": {"schema": "2.0"}, "uuid": "u1"}),
}
# Nor are these, of which the app asks about itself.
ABOUT_THE_APP: dict[str, tuple[Any, dict[str, Any]]] = {
    "scope.list": (application.granted_scopes, {}),
    "application.get": (application.has_unpublished_version, {}),
}


def published(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text())


def names(pattern: str) -> list[str]:
    return sorted(path.name.removesuffix(".json") for path in DATA.glob(f"{pattern}.json"))


def as_published(name: str) -> Behaviour:
    """Answer with the file of this name: status, headers and body."""
    file = published(name)
    return answer(file["body"], status=file["http_status"], headers=file["headers"])


def call(endpoint: str, **arguments: Any) -> Answer:
    """The published call, or another with ``arguments`` in place of what it says."""
    function, defaults = (CALLS | READ_BACK | MESSAGES | ABOUT_THE_APP)[endpoint]
    result: Answer = function("", **(defaults | arguments))
    return result
