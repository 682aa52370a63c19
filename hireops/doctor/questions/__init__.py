"""What the doctor itself asks, by what it looks at."""
