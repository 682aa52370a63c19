"""Who may come: people who get their roles, or their Feishu sign-in, when they first sign in with Feishu."""
