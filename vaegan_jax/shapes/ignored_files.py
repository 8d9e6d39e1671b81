"""Files that lie among data without being data: one rule for all commands."""

from collections.abc import Sequence

# In lower case: what macOS, Windows, Synology's and Linux's file systems and Python
# leave in folders.
_SYSTEM_NAMES = frozenset(
    (
        *("__macosx", "icon\r"),
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin"),
        "system volume information",
        *("@eadir", "#recycle", "lost+found", "__pycache__"),
    )
)


def is_ignored(parts: Sequence[str]) -> bool:
    """Whether a file or folder is hidden, or the work of an operating system.

    Hidden are names with a dot in front: `.DS_Store`, `._a.png`, `.ipynb_checkpoints`.

    Args:
      parts: of the path below the folder or archive that the user named; what is above
        does not count.
    """
    return any(
        (part.startswith(".") and part not in (".", ".."))
        or part.lower() in _SYSTEM_NAMES
        for part in parts
    )


def report_ignored(paths: Sequence[str]) -> list[str]:
    """Lines for people: how many files were ignored, and the first of them."""
    if not paths:
        return []
    others = " …" if len(paths) > 1 else ""
    return [
        f"ignored files, hidden or a system's own: {len(paths)} ({paths[0]}{others})"
    ]
