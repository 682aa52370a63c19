"""What staff can do with referral accounts, payouts and reconciliations."""
