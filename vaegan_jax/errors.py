"""What goes wrong because of what the user gave, as opposed to a bug."""


class UserError(ValueError):
    """One sentence that names the file or field and what to do about it.

    Commands print it alone, without a traceback, and exit with status 1.
    """
