"""The official SDK's three custom-field calls against the address in ``argv``; prints what came of it.

A program of its own, because the SDK keeps tokens and half-built requests in its modules.
"""

import json
import sys

import lark_oapi
from lark_oapi.api.hire import v1


def field(key: str, label: str) -> v1.EcoAccountCustomFieldData:
    name = v1.I18n.builder().zh_cn(label).en_us(key).build()
    hint = v1.I18n.builder().zh_cn("提示").build()
    builder = v1.EcoAccountCustomFieldData.builder().key(key).name(name).is_required(True)
    return builder.description(hint).build()


def body(*fields: v1.EcoAccountCustomFieldData) -> v1.EcoAccountCustomField:
    return v1.EcoAccountCustomField.builder().scope(1).custom_field_list(list(fields)).build()


def main(url: str, app_id: str, app_secret: str) -> None:
    client = lark_oapi.Client.builder().app_id(app_id).app_secret(app_secret).domain(url).build()
    fields = client.hire.v1.eco_account_custom_field
    two = body(field("account_token", "账号token"), field("ord_id", "订单号"))
    renamed = body(field("ord_id", "订单编号"))
    one = v1.BatchDeleteEcoAccountCustomFieldRequestBody.builder().scope(1)
    one = one.custom_field_key_list(["account_token"]).build()
    delete = v1.BatchDeleteEcoAccountCustomFieldRequest.builder().request_body(one).build()
    answers = [
        fields.create(v1.CreateEcoAccountCustomFieldRequest.builder().request_body(two).build()),
        fields.batch_update(
            v1.BatchUpdateEcoAccountCustomFieldRequest.builder().request_body(renamed).build()
        ),
        fields.batch_delete(delete),
        fields.batch_delete(delete),
    ]
    facts = [
        [each.success(), each.code, each.msg, each.get_log_id(), each.raw.status_code] for each in answers
    ]
    sys.stdout.write(json.dumps(facts))


main(*sys.argv[1:])
