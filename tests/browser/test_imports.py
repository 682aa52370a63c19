"""Two hundred referrers from a file as Excel in China saves it, with mistakes."""

from playwright.sync_api import FilePayload

from referrals.models import RegistrationImport
from tests.browser.visitor import Door
from tests.browser.world import World

ROWS, TO_BE_CORRECTED, KNOWN = 200, 2, 1


def test_a_file_of_two_hundred_with_errors(site: World, door: Door, language: str) -> None:
    mobiles = [f"13{len(language)}0000{number:04}" for number in range(ROWS)]
    site.feishu.add_employees(*({"name": f"员工{each[-4:]}", "mobile_number": each} for each in mobiles))
    lines = [f"{mobile},,员工{mobile[-4:]}" for mobile in mobiles]
    lines[5], lines[50], lines[150] = "12345,,太短", mobiles[0] + ",,重复", ",不是邮箱,坏的"
    hira = door.let_in("hira", language)

    hira.open("/admin/referrals/registrationimport/add/")
    content = "\r\n".join(["手机号,邮箱,姓名", *lines]).encode("gbk")
    file = FilePayload(name="内推人.csv", mimeType="text/csv", buffer=content)
    hira.page.locator("input[type=file]").set_input_files(file)
    hira.confirm()

    hira.sees_in_time("Rows with a problem")
    assert hira.page.locator(".import-scroll tbody tr").count() >= TO_BE_CORRECTED
    hira.press("Register these %(ready)s referrers", ready=ROWS - TO_BE_CORRECTED - KNOWN)
    hira.sees_in_time(RegistrationImport.State.SENDING.label)
    hira.reads_in_time("员", "/admin/referrals/referralaccount/")
