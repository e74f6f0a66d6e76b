"""`python -m sandbox`: the sandbox on one port."""

import click

from sandbox.auth import Account
from sandbox.server import serve

DEFAULTS = Account()


@click.command(context_settings={"show_default": True})
@click.option("--host", default="127.0.0.1", help="Address to listen on; keep it on the loopback.")
@click.option("--port", default=8090, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--api-key", default=DEFAULTS.api_key, help="What 'Authorization: ApiKey ...' must carry.")
@click.option("--auth-key", default=DEFAULTS.auth_key, help="auth_key of POST /session.json.")
@click.option("--auth-secret", default=DEFAULTS.auth_secret, help="Signs POST /session.json.")
@click.option("--application-id", default=DEFAULTS.application_id, help="application_id of POST /session.json.")
def main(host: str, port: int, api_key: str, auth_key: str, auth_secret: str, application_id: int) -> None:
    """Serve the chat API's sandbox until SIGTERM or SIGINT; /_sandbox/ turns its faults."""
    serve(host, port, Account(api_key, auth_key, auth_secret, application_id))


if __name__ == "__main__":
    main()
