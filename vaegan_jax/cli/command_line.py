"""How commands start and fail: one sentence, and a non-zero exit."""

import difflib
import getpass
import io
import logging as python_logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from absl import app, flags, logging

from vaegan_jax.cli.config_path import ConfigPathParser
from vaegan_jax.errors import UserError, explain
from vaegan_jax.runtime.paths import expand

# Before anything imports TensorFlow, whose start-up messages would bury ours.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# Commands draw to files alone. Without the backend of a notebook, which its `!python`
# inherits, Matplotlib cannot be imported, nor what imports it: Keras and TensorFlow.
os.environ["MPLBACKEND"] = "agg"
# PyTorch asks for the user's name, which the users of containers often lack.
try:
    getpass.getuser()
except (KeyError, OSError):
    os.environ["USER"] = str(os.getuid())

# --help lists the flags that are defined here as those of the command that calls.
flags.disclaim_key_flags()


def run(main: Callable[[], int | None]) -> None:
    """Parses absl flags, calls `main`, and exits with its status; see `guard`.

    A wrong flag or a config field that does not exist is a `UserError`.
    """
    flags.adopt_module_key_flags(sys.modules[main.__module__])  # for --help
    app.run(lambda _: guard(main), flags_parser=lambda argv: guard(_parse, argv))


def guard(function: Callable, *args) -> Any:
    """Calls a function, or a part, of a command.

    What the user can mend, see `explain`, ends the program with status 1 and one
    sentence on standard error; Ctrl-C with status 130. The standard output takes
    every text, whatever its encoding.
    """
    _settle()
    try:
        return function(*args)
    except (Exception, KeyboardInterrupt) as error:
        sentence = explain(error)
        if sentence is None:
            raise
        print(f"error: {sentence}", file=sys.stderr)
        sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)


class _PathParser(flags.ArgumentParser):
    """Takes `~` for the home directory, in every flag that names a path."""

    syntactic_help = "a path"

    def parse(self, argument: str) -> str:
        return expand(argument)


def define_path(
    name: str, default: str | None, help_text: str, required: bool = False
) -> flags.FlagHolder[str]:
    """Defines a flag that names a file or folder; see `paths.expand`."""
    return flags.DEFINE(
        *(_PathParser(), name, default, help_text),
        serializer=flags.ArgumentSerializer(),
        required=required,
    )


def define_paths(
    name: str, help_text: str, required: bool = False
) -> flags.FlagHolder[list[str]]:
    """Defines a flag that may be repeated, or take several paths at once."""
    return flags.DEFINE_multi(
        *(_PathParser(), flags.ArgumentSerializer(), name, None, help_text),
        required=required,
    )


def define_checkpoint() -> flags.FlagHolder[str]:
    """Defines --checkpoint, as `Checkpoints.restore` takes it."""
    return flags.DEFINE_string("checkpoint", "latest", "A step, latest or best.")


def _settle() -> None:
    """Lets nothing but what we have to say reach the terminal, and all of that."""
    if not flags.FLAGS["verbosity"].present:
        # The libraries' own progress reports; ours do not go through absl.
        # Their errors are raised as well, and told in one sentence.
        logging.set_verbosity(logging.FATAL)
    for name in ("tensorflow", "matplotlib"):
        python_logging.getLogger(name).setLevel(python_logging.ERROR)
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"
    # Not every encoding has ³; standard error replaces what it lacks by itself.
    if isinstance(sys.stdout, io.TextIOWrapper):  # None where it is closed
        sys.stdout.reconfigure(errors="backslashreplace")


def _parse(argv: Sequence[str]) -> list[str]:
    try:
        if "config" in flags.FLAGS:
            config = flags.FLAGS["config"]
            config.parser = ConfigPathParser(config.parser)
        rest = flags.FLAGS(_spread(argv))
        if "config" in flags.FLAGS and flags.FLAGS.config is not None:
            # A file that cannot be loaded is reported at the first look inside.
            flags.FLAGS.config.keys()
    except flags.Error as error:
        raise UserError(f"{_last_line(error)}; --help lists the flags") from error
    except OSError as error:
        raise UserError(f"the config file: {_last_line(error)}") from error
    except (AttributeError, KeyError) as error:
        raise _unknown_field(argv) or error from error
    if len(rest) > 1:
        raise UserError(
            f"unexpected argument {rest[1]!r}; every option has the form --name=value"
        )
    return rest


def _spread(argv: Sequence[str]) -> list[str]:
    """Lets flags that may be repeated take several values: --views a.png b.png."""
    spread, name = [], None
    for arg in argv:
        if name and not arg.startswith("-"):
            spread.append(f"--{name}={arg}")
            continue
        given, _, value = arg.lstrip("-").partition("=")
        many = arg.startswith("--") and given in flags.FLAGS
        name = (
            given if many and isinstance(flags.FLAGS[given], flags.MultiFlag) else None
        )
        if value or name is None:
            spread.append(arg)
    return spread


def _last_line(error: Exception) -> str:
    """What an error that quotes a whole traceback is about."""
    lines = [line.strip() for line in str(error).splitlines()]
    lines = [line for line in lines if line and not line.startswith(";")]
    return lines[-1].removeprefix(f"{UserError.__module__}.{UserError.__name__}: ")


def _unknown_field(argv: Sequence[str]) -> UserError | None:
    """Names the first override in `argv` of a field that the config does not have."""
    prefix = "--config."
    plain = [arg for arg in argv if not arg.startswith(prefix)]
    overrides = [arg for arg in argv if arg.startswith(prefix)]
    flags.FLAGS.unparse_flags()
    sys.argv = plain  # where the config flag looks for its overrides
    flags.FLAGS(plain)
    for override in overrides:
        section, path = flags.FLAGS.config, override[len(prefix) :].split("=")[0]
        for key in path.split("."):
            if not hasattr(section, "keys") or key not in section:
                fields = list(section.keys()) if hasattr(section, "keys") else []
                close = difflib.get_close_matches(key, fields, 1)
                hint = f"did you mean {close[0]!r}? " if close else ""
                return UserError(
                    f"the config has no field {path!r}: {hint}valid here: "
                    + ", ".join(fields)
                )
            section = section[key]
    return None
