"""Order forms to start from: what Chinese vendors of background checks must ask and Feishu does not tell."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What is typed into such fields identifies somebody, so their answers are personal unless a person says no.
IDENTIFYING = (
    "身份证",
    "证件号",
    "护照",
    "通行证",
    "社保号",
    "银行卡",
    "手机",
    "电话",
    "邮箱",
    "住址",
    "地址",
    "出生",
    "授权",
    "id number",
    "id card",
    "passport",
    "phone",
    "mobile",
    "email",
    "address",
    "birth",
    "consent",
    "authori",
    "简历",
    "任职公司",
    "cv",
    "resume",
    "employers",
)


def identifies_somebody(*names: str) -> bool:
    """Whether a field of such a name asks for what only belongs to one person."""
    text = " ".join(names).casefold()
    return any(word in text for word in IDENTIFYING)


_ID_NUMBER = {
    "base_key": "id_number",
    "type": "text",
    "name_zh": "身份证号",
    "name_en": "ID number",
    "description_zh": "18 位，末位可为 X",
    "description_en": "18 characters, the last one may be X",
    "sensitive": True,
}
_CONSENT = {
    "base_key": "consent",
    "type": "file",
    "name_zh": "候选人授权书",
    "name_en": "Candidate's consent",
    "description_zh": "候选人签字的背景调查授权书，PDF 或图片",
    "description_en": "Signed by the candidate, PDF or picture",
    "sensitive": True,
}
_DEGREE = {
    "base_key": "degree",
    "type": "select",
    "name_zh": "最高学历",
    "name_en": "Highest degree",
    "options": [
        {"key": "college", "name_zh": "大专", "name_en": "College"},
        {"key": "bachelor", "name_zh": "本科", "name_en": "Bachelor"},
        {"key": "master", "name_zh": "硕士", "name_en": "Master"},
        {"key": "doctor", "name_zh": "博士", "name_en": "Doctor"},
    ],
}
_SCHOOL = {"base_key": "school", "type": "text", "name_zh": "毕业院校", "name_en": "School"}
_EMPLOYERS = {
    "base_key": "employers",
    "type": "textarea",
    "name_zh": "最近两家任职公司及时间",
    "name_en": "Last two employers, with dates",
    "sensitive": True,
}
_CONTACT = {
    "base_key": "may_contact_employer",
    "type": "boolean",
    "name_zh": "可否联系现任雇主",
    "name_en": "May the present employer be contacted?",
}
_CV = {
    "base_key": "cv",
    "type": "resume",
    "name_zh": "简历",
    "name_en": "CV",
    "is_required": False,
    "sensitive": True,
}

READY_MADE: Mapping[str, tuple[str | Promise, Sequence[Mapping[str, Any]]]] = {
    "identity": (_("ID number and consent"), [_ID_NUMBER, _CONSENT]),
    "education": (_("ID number, consent, education"), [_ID_NUMBER, _CONSENT, _DEGREE, _SCHOOL]),
    "employment": (
        _("ID number, consent, employment, CV"),
        [_ID_NUMBER, _CONSENT, _EMPLOYERS, _CONTACT, _CV],
    ),
}
