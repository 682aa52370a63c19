"""What every gunicorn that is started in this folder heeds; the rest stands in supervisord.conf."""

from gunicorn.http.unreader import SocketUnreader

# gunicorn reads up to a megabyte of a body at once. Under a flood of bodies without end each web process grew
# by 100 MB with that and by 15 MB with this (the drill test_a_hundred_megabytes_are_refused_at_once...).
SocketUnreader.max_body_chunk = 64 * 1024
