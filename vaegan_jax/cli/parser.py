"""Arguments in the way of argparse, for commands with subcommands."""

import argparse

from vaegan_jax.errors import UserError


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence."""

    def error(self, message: str):
        raise UserError(f"{message}; {self.prog} --help tells more")
