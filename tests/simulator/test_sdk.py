import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator_process import APP, FIELDS, TENANT_TOKEN, Simulator

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "official_client.py"


def test_the_official_sdk_works_when_pointed_here(simulator: Simulator) -> None:
    arguments = [simulator.url, APP["FEISHU_APP_ID"], APP["FEISHU_APP_SECRET"]]
    done = subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, check=True, timeout=60)
    facts = json.loads(done.stdout)
    state = simulator.state()

    assert [fact[:3] for fact in facts[:3]] == [[True, 0, "ok"]] * 3
    assert facts[3][:2] == [False, 1002001]
    assert [fact[4] for fact in facts] == [200, 200, 200, 500]
    assert [fact[3] for fact in facts] == [call["log_id"] for call in state["calls"][1:]]
    assert state["call_counts"] == {
        f"POST {TENANT_TOKEN}": 1,
        f"POST {FIELDS}": 1,
        f"PATCH {FIELDS}/batch_update": 1,
        f"POST {FIELDS}/batch_delete": 2,
    }
    assert state["fields"]["1"] == [
        {
            "key": "ord_id",
            "name": {"zh_cn": "订单编号", "en_us": "ord_id"},
            "is_required": True,
            "description": {"zh_cn": "提示"},
        }
    ]
    assert state["burned_keys"]["1"] == ["account_token"]
