"""The API that hireops calls: one table of endpoints, one door for all, one module for each group."""
