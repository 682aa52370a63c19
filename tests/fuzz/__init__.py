"""``make fuzz``: a million broken, hostile and honest cases against the webhook, judged from outside."""
