"""What every gunicorn that is started in this folder heeds; the rest stands in supervisord.conf."""

from gunicorn.http.unreader import SocketUnreader

# gunicorn reads up to a megabyte of a body at once, and what it has read lingers: a flood of endless bodies
# filled the memory (the drill test_a_hundred_megabytes_are_refused_at_once_and_leave_no_trace_in_memory).
SocketUnreader.max_body_chunk = 64 * 1024
