"""Memory of the web process after many requests to every page and endpoint."""

from argparse import ArgumentParser, Namespace

from benchmarks.sessions import MissingError, Prepare, played


def add_options(parser: ArgumentParser) -> None:
    """How often, and where a Touchstone already runs on this machine."""
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--url", help="a Touchstone that runs on this machine; without it one is started")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password")
    parser.add_argument("--project", default="support-tags")


def prepare(options: Namespace) -> Prepare | None:
    """Nothing where an address is given; who logs in there has to be given too."""
    if options.url and not options.password:
        raise MissingError("Give --password (and --user, if it is not admin) with --url: every page wants a login.")
    return None if options.url else played
