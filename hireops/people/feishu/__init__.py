"""Signing in with Feishu: allauth's machinery, today's OAuth of Feishu (``hireops.feishu.authen``)."""
