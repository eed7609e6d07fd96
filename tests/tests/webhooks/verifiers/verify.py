"""Checks deliveries as a merchant's server in Python would: with the published library, and nothing of ours.

Reads {"deliveries": [{"headers", "body", "secrets"}], "stranger"} from standard input. Each delivery must be accepted with
each of its secrets and refused with a stranger's, with a changed body, and when it is old.
"""

import json
import sys
from datetime import datetime, timedelta, timezone

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def refused(webhook, body, headers, why):
    try:
        webhook.verify(body, headers)
    except WebhookVerificationError as error:
        return str(error)
    raise SystemExit(f"accepted although {why}")


asked = json.load(sys.stdin)
checked = 0
for delivery in asked["deliveries"]:
    headers, body = delivery["headers"], delivery["body"]
    for secret in delivery["secrets"]:
        webhook = Webhook(secret)
        read = webhook.verify(body, headers)
        assert read == json.loads(body)
        assert webhook.verify(body.encode(), headers) == read

        refused(webhook, body.replace(":", ": ", 1), headers, "the body was changed")
        refused(webhook, body, {**headers, "webhook-id": headers["webhook-id"] + "0"}, "the id was changed")
        # Signed rightly, but long ago: only its age speaks against it.
        old = datetime.now(tz=timezone.utc) - timedelta(minutes=6)
        aged = {
            **headers,
            "webhook-timestamp": str(int(old.timestamp())),
            "webhook-signature": webhook.sign(headers["webhook-id"], old, body),
        }
        assert "old" in refused(webhook, body, aged, "it is old")
        # And an old signature does not become good by a new time.
        newer = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}
        refused(webhook, body, newer, "the time was changed")
        checked += 1
    refused(Webhook(asked["stranger"]), body, headers, "the secret is another's")
print(f"standardwebhooks for Python: {checked} accepted")
