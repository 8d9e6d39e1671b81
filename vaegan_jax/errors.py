"""What goes wrong because of what the user gave, as opposed to a bug."""


class UserError(ValueError):
    """One sentence that names the file or field and what to do about it.

    Commands print it alone, without a traceback, and exit with status 1.
    """


def tell(error: UserError | OSError) -> str:
    """An error in words; the system's own without their numbers, the file first."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
