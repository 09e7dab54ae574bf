"""`python -m payments.sandbox --port N --state FILE`: the payment sandbox until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from .server import Options, SandboxServer


def read_options(arguments: Sequence[str]) -> Options:
    """The command line; the secrets come from the environment, for a command line is public. Without Razorpay's its
    notices are signed with an empty one, which nobody takes."""
    parser = argparse.ArgumentParser(prog="python -m payments.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="file that keeps payments over a restart")
    parser.add_argument("--webhook-url", default="", help="where Stripe's webhooks go; empty: nowhere")
    parser.add_argument("--razorpay-webhook-url", default="", help="where Razorpay's webhooks go; empty: nowhere")
    given = parser.parse_args(arguments)
    secret = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
    if not secret:
        parser.error("environment variable STRIPE_WEBHOOK_SECRET is required")
    return Options(
        port=given.port,
        state_path=given.state,
        stripe_webhook_url=given.webhook_url,
        stripe_webhook_secret=secret,
        razorpay_webhook_url=given.razorpay_webhook_url,
        razorpay_webhook_secret=os.environ.get("RAZORPAY_WEBHOOK_SECRET", ""),
    )


def main(arguments: Sequence[str]) -> None:
    """Serve until told to stop."""
    server = SandboxServer(options=read_options(arguments))
    signal.signal(signal.SIGTERM, _stop)
    print(f"sandbox ready at {server.base_url}", flush=True)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
