"""The way in: which threads answer whom, and when a request is given to one."""
