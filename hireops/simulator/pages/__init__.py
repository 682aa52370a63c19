"""The page: play the customer, watch what is delivered and called, make trouble."""
