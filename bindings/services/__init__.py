"""What staff can do with the form that customers fill in: define its fields, and push them to Feishu."""
