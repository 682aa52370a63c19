"""Who our customers in Feishu Hire are, and which form they fill in to become one."""
