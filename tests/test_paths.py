"""Paths that hold what shells, patterns, URLs and formats give a meaning to."""

AWKWARD = [
    *(
        "a[v1]",
        "*",
        "?",
        "{a,b}",
        "%d",
        "%20",
        "#",
        ":",
        "a:b",
        "@4",
        "=",
        "~",
        "~root",
    ),
    *("a b", "'", '"', "ä", "日本", "-x", "--y", ".hidden", "$HOME", "a\nb"),
]
# All of them at once; a backslash is refused.
EVERYTHING = "-a[v1] *?{b,c}%d#:@4=~'\"ä日本$HOME"
SPLITS = ("train", "validation", "test")
