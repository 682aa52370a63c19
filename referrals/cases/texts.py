"""What a case means and what to do about it, in words of the staff."""

from django.utils.translation import gettext_lazy as _

from referrals.models import Case

Kind = Case.Kind

# Ours, and the other one.
FIGURES = {
    Kind.POINTS: (
        _("Points paid out on the day, by our records"),
        _("Points paid out on the day, by Feishu"),
    ),
    Kind.CASH: (_("Taken, as Feishu answered"), _("In another book of hireops: booked, or handed over")),
    Kind.DRIFT: (_("Balance as hireops knew it"), _("Balance as Feishu answered")),
    Kind.UNASKED: (_("Asked for"), _("Named in Feishu's answer")),
    Kind.UNKNOWN_ACCOUNT: (_("Points paid out on the day, by our records"), _("By Feishu")),
    Kind.CONTACT: (_("Registered here"), _("By Feishu")),
    Kind.FUTURE: (_("Ours"), _("By Feishu")),
    Kind.TURNED_OUT: (_("Taken by this withdrawal, by our records then"), _("Taken, as it seems now")),
    Kind.PERHAPS_PAID: (_("Balance in the restored database"), _("Balance as Feishu tells it now")),
    Kind.RETURNED_PAID: (_("Paid or with the paying side, by our records"), _("With what the bank says")),
}
MEANINGS = {
    Kind.POINTS: _(
        "For this day Feishu has another sum of points paid out of this account than hireops. If Feishu's is "
        "higher, points have left the account at Feishu without our knowing, so the employee may not have "
        "got them. If ours is higher, hireops has recorded a payout that Feishu does not have."
    ),
    Kind.CASH: _(
        "Feishu has nothing to do with this one: the books of hireops itself do not agree. The cash that "
        "Feishu said was taken differs from what was booked off the balance, or from what was handed over "
        "for payment. hireops never does that by itself, so somebody has probably changed the database "
        "directly."
    ),
    Kind.DRIFT: _(
        "Feishu was asked for the balance and gave another one than hireops knew, although every change "
        "should have been announced by an event. The event may still arrive, then this case closes by "
        "itself; or it was lost. The account shows Feishu's balance already."
    ),
    Kind.UNASKED: _(
        "The answer to a payout names an asset that was not asked for. hireops has paid out nothing of it "
        "and changed no balance for it. Feishu may have taken it all the same."
    ),
    Kind.UNKNOWN_ACCOUNT: _(
        "Feishu says that it does not know this account, so nothing can be compared or paid out of it. It "
        "may have been registered by another app or for another tenant, or the employee was removed."
    ),
    Kind.CONTACT: _(
        "The account was registered with a mobile number or address that is not the one Feishu has of the "
        "employee whose account it is. What is paid by the contact registered here may reach somebody else."
    ),
    Kind.FUTURE: _(
        "An event of Feishu tells of a change that had not happened yet when the event came. If its time "
        "counted, every true event until then would be taken for older. So hireops has kept the event, "
        "changed nothing by it, and asked Feishu for the balance. More such events of the account are part "
        "of this case as long as it is open."
    ),
    Kind.TURNED_OUT: _(
        "Two people have ended this withdrawal as not done, and after that something says that Feishu has "
        "done it: the balance went down, or Feishu answered after all. What Feishu took counts as paid "
        "there, so it is owed to the employee. A balance also goes down when a reward is taken back."
    ),
    Kind.PERHAPS_PAID: _(
        "The database was restored from a backup, and since that backup the balance went down at Feishu "
        "without a withdrawal that hireops knows. Most likely it was withdrawn after the backup: then the "
        "money is out of Feishu, and only the paying side can say whether the employee has got it. A balance "
        "also goes down when a reward is taken back."
    ),
    Kind.RETURNED_PAID: _(
        "This payment was recorded as come back, and a results file of the paying side says that it was "
        "made. Either the return was recorded wrongly, or the bank has paid after it. Together with a second "
        "payment the employee would get the money twice."
    ),
}
WHAT_TO_DO = {
    Kind.POINTS: _(
        "Compare the payouts on the account's page with those in Feishu Hire for this day. If one is missing "
        "here, find out who made it, pay the employee what is owed to them, and write that in the note. When "
        "the cause is gone, reconcile the day once more: the case closes by itself if the figures match. If "
        "Feishu is wrong, send its support both figures, the account ID and the log ID of the call."
    ),
    Kind.CASH: _(
        "Hold back payments of this withdrawal that have not been made. Tell whoever runs hireops: the "
        "database's log and the backups show what was changed and when. Compare with the bank what was "
        "really paid. When the books agree again, reconcile the day once more."
    ),
    Kind.DRIFT: _(
        "Wait a day: late events close the case. Otherwise look in Feishu Hire at what has changed for this "
        "employee, and whether the app's event subscription works; then close the case with what you found."
    ),
    Kind.UNASKED: _(
        "Ask Feishu for the balance of the account and compare it with the one of before the payout. If the "
        "asset is gone there, the employee is owed it: pay it and write that in the note. If it is still "
        "there, close the case with a note that says so."
    ),
    Kind.UNKNOWN_ACCOUNT: _(
        "Look in Feishu Hire whether the employee is still there. If so, register them again: that leads to "
        "their account. If they have left, close the case with a note: it is not opened again unless Feishu "
        "tells a balance of the account later."
    ),
    Kind.CONTACT: _(
        "Compare both contacts on the account's page and ask the employee. Pay nothing of this account by "
        "the contact registered here before you know that it is theirs. Then close the case with a note."
    ),
    Kind.FUTURE: _(
        "Look at the time on the event's page, and on the page “Health” at how our clock differs from "
        "Feishu's. If our clock is right, send Feishu's support the event ID. Compare the balance on the "
        "account's page, which is what Feishu has answered since, with Feishu Hire; then close the case with "
        "a note."
    ),
    Kind.TURNED_OUT: _(
        "Look at the withdrawal's page. If Feishu has answered, it is to be paid already: hand it over, and "
        "close this case. Otherwise look in Feishu Hire: if the employee's rewards read “paid” there, "
        "propose on the withdrawal's page that it was done after all, and somebody else confirms it. If a "
        "reward was taken back, close this case with a note that says so."
    ),
    Kind.RETURNED_PAID: _(
        "Ask the paying side for the voucher of this payment. If it was not made, close this case with a "
        "note; the amount can be handed over then. If it was made and not paid again, close this case. Then "
        "hand the amount over in a batch of its own, keep its file back, and record it as paid there under "
        "the bank's reference. If it was handed over again, have the second payment stopped at once. When it "
        "is stopped, record it as paid under the reference of the first. If both were made, agree with the "
        "employee how the second one is given back, and write that in the note."
    ),
    Kind.PERHAPS_PAID: _(
        "Look for the account in the payout files at the paying side that are younger than the backup. If it "
        "is there, close the case with the batch and the payment ID. If it is not, and Feishu Hire reads "
        "“paid”, the employee is owed the money: pay it beside hireops, and write in the note how."
    ),
}
UNDECIDED_HINTS = {
    Kind.POINTS: _(
        "This account has a payout of points that Feishu has not answered yet. It may explain the "
        "difference: Feishu may have made it already. It is asked for again by itself; when it has its "
        "answer, reconcile the day once more."
    ),
    Kind.PERHAPS_PAID: _(
        "This account has a payout that Feishu had not answered when the backup was made, and that may be "
        "what took the balance. When everything is released it is asked for again under its own order ID, "
        "Feishu tells its first result, and what it took is paid from here. If its amount fits, close this "
        "case with the number of the withdrawal."
    ),
}
HINTS = {
    "unconfirmed": _(
        "Only one person has said that it came back, so it was not paid again. It is recorded as paid now; "
        "decline what waits for a second person if the bank is right."
    ),
    "not_again": _(
        "It was not paid again. As long as this case is open, nothing of the withdrawal can be handed over."
    ),
    "on_its_way": _("It was handed over again and has no result yet: have the second payment stopped now."),
    "paid_twice": _("It was paid again: by the records of both sides the employee has got the money twice."),
    "ended": _(
        "A withdrawal of this account was ended as not done. If Feishu has more points than hireops, it was "
        "done after all: its page leads on."
    ),
    "answered_later": _(
        "A payout of this day was answered after the figures were compared. They may be equal by now: "
        "reconcile the day once more."
    ),
}
