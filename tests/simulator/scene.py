"""A customer with one account of each kind, one order, one exam and one referrer, with the published ids."""

from tests.simulator_process import Simulator

HIRE = "/open-apis/hire/v1"
REFERRAL = f"{HIRE}/referral_account"
FORM = f"{HIRE}/eco_background_check_custom_fields"
PACKAGES = f"{HIRE}/eco_background_check_packages"
CHECKS = f"{HIRE}/eco_background_checks"
ORDERS = f"{HIRE}/background_check_orders"
PAPERS = f"{HIRE}/eco_exam_papers"
TENANT = "2ca1d211f64f6438"

CHECK_ACCOUNT, EXAM_ACCOUNT = "6995842370159937061", "7147998241542539527"
CHECK, EXAM = "6931286400470354183", "7178536692385679677"
REFERRER, OTHER_REFERRER = "6942778198054125570", "6930815272790114324"


def set_scene(simulator: Simulator) -> None:
    simulator.add_account(scope=1, account_id=CHECK_ACCOUNT)
    simulator.add_account(scope=2, account_id=EXAM_ACCOUNT)
    simulator.order_check(CHECK_ACCOUNT, background_check_id=CHECK)
    simulator.arrange_exam(EXAM_ACCOUNT, exam_id=EXAM)
    simulator.add_employees(
        {"name": "张三", "mobile_number": "18900001111", "email": "hire@open.com", "account_id": REFERRER},
        {"name": "李四", "mobile_number": "18900002222", "account_id": OTHER_REFERRER},
    )
    simulator.reward(REFERRER, points=100, CNY="100")
    simulator.reward(OTHER_REFERRER, points=30)
