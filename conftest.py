"""For the tests of the library and of data_prep."""

import signal

# The background jobs of a shell ignore Ctrl-C, and so would commands that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
