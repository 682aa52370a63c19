"""The platform: what Feishu sends, what it accepts, and nothing of what we do with it."""
