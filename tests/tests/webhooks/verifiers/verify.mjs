// Checks deliveries as a merchant's server in JavaScript would: with the published libraries, and nothing of ours; and
// the Ed25519 signatures, which those libraries do not read, with Node's own crypto.
//
// Reads {"deliveries": [{"headers", "body", "secrets", "public_keys"}], "stranger"} from standard input. Each delivery must
// be accepted with each of its secrets and keys and refused with a stranger's, with a changed body, and when it is old.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages are installed elsewhere than this file.
const from = createRequire(process.argv[2]);
const libraries = { standardwebhooks: from("standardwebhooks").Webhook, svix: from("svix").Webhook };
const asked = JSON.parse(readFileSync(0, "utf8"));

for (const [name, Webhook] of Object.entries(libraries)) {
  let checked = 0;
  for (const { headers, body, secrets } of asked.deliveries) {
    const changed = body.replace(":", ": ");
    for (const secret of secrets) {
      const webhook = new Webhook(secret);
      assert.deepEqual(webhook.verify(body, headers), JSON.parse(body));
      assert.throws(() => webhook.verify(changed, headers), /signature/i, `${name}: the body was changed`);
      const old = new Date(Date.now() - 6 * 60_000);
      const aged = {
        ...headers,
        "webhook-timestamp": String(Math.floor(old.getTime() / 1_000)),
        "webhook-signature": webhook.sign(headers["webhook-id"], old, body),
      };
      assert.throws(() => webhook.verify(body, aged), /old/i, `${name}: it is old`);
      const newer = { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) };
      assert.throws(() => webhook.verify(body, newer), /signature/i, `${name}: the time was changed`);
      checked += 1;
    }
    assert.throws(() => new Webhook(asked.stranger).verify(body, headers), /signature/i, `${name}: another's secret`);
  }
  console.log(`${name} for JavaScript: ${checked} accepted`);
}

// Standard Webhooks 1.0.0: `whpk_` and the Base64 of the 32 bytes that an Ed25519 public key is.
const publicKey = (text) => {
  assert.ok(text.startsWith("whpk_"), text);
  const x = Buffer.from(text.slice("whpk_".length), "base64");
  assert.equal(x.length, 32);
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: x.toString("base64url") }, format: "jwk" });
};
const holds = (key, headers, body) => {
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  return headers["webhook-signature"]
    .split(" ")
    .filter((part) => part.startsWith("v1a,"))
    .some((part) => verify(null, signed, key, Buffer.from(part.slice("v1a,".length), "base64")));
};
let checked = 0;
for (const { headers, body, public_keys: publicKeys } of asked.deliveries) {
  for (const text of publicKeys) {
    const key = publicKey(text);
    assert.ok(holds(key, headers, body), "Ed25519");
    assert.ok(!holds(key, headers, body.replace(":", ": ")), "Ed25519: the body was changed");
    const newer = { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) };
    assert.ok(!holds(key, newer, body), "Ed25519: the time was changed");
    checked += 1;
  }
}
console.log(`Node's crypto: ${checked} accepted`);
