"""What stands under deploy/, tried with the real programs where they are installed."""
