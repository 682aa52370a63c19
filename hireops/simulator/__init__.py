"""A Feishu to run against on this machine: its API, its events, and a page that plays the customer."""
