// Requests as the edge sends them to the origin, with tokens that this script mints.
//
// k6's crypto module has HMAC, so no token has to be prepared before a run. Keys come from the origin's environment.

import crypto from "k6/crypto";
import encoding from "k6/encoding";

const SECONDS_READ = 60;
const SECONDS_PURCHASE = 120;

export const ORIGIN = required("ORIGIN_URL");
const DROP = Number(required("DROP"));
const [EDGE_KID, EDGE_SECRET] = firstKey("DROPGATE_EDGE_KEYS");
const CUSTOMER_SECRET = encoding.b64decode(required("DROPGATE_CUSTOMER_SECRET"), "rawurl");

// The edge reuses a read token, and so does each virtual user.
let read = { token: "", mintedAt: 0 };

export function readParams() {
  const now = seconds();
  if (now - read.mintedAt > SECONDS_READ / 2) {
    read = { token: mint("read", "dropgate-origin", SECONDS_READ, {}), mintedAt: now };
  }
  return params(read.token, "status");
}

/** A purchase by another customer each time: a random phone and a token of its own. */
export function purchase() {
  const phone = `+491${digits(10)}`;
  const token = mint("purchase", "dropgate-purchase", SECONDS_PURCHASE, {
    drop: DROP,
    sub: customer(phone),
    sid: randomHex(16),
    jti: randomHex(16),
    qty_max: 1,
    region: "S01",
  });
  const buyer = { name: "Nguyễn Văn An", phone, email: "an@example.com" };
  return { body: JSON.stringify({ quantity: 1, buyer }), params: params(token, "purchase") };
}

/** The customer of a phone within the drop: half of an HMAC over the drop's number and the phone. */
function customer(phone) {
  const drop = new Uint8Array(4);
  new DataView(drop.buffer).setUint32(0, DROP);
  const hmac = crypto.createHMAC("sha256", CUSTOMER_SECRET);
  hmac.update(drop.buffer);
  hmac.update(phone);
  return hmac.digest("hex").slice(0, 32);
}

function mint(scope, audience, life, claims) {
  const now = seconds();
  const head = part({ typ: "JWT", alg: "HS256", kid: EDGE_KID });
  const body = part({ scope, iss: "dropgate-edge", aud: audience, nbf: now, exp: now + life, ...claims });
  const signature = crypto.hmac("sha256", EDGE_SECRET, `${head}.${body}`, "base64rawurl");
  return `${head}.${body}.${signature}`;
}

function part(value) {
  return encoding.b64encode(JSON.stringify(value), "rawurl");
}

function params(token, name) {
  return {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    tags: { name },
  };
}

function firstKey(variable) {
  const [kid, secret] = required(variable).split(",")[0].split(".");
  return [kid, encoding.b64decode(secret, "rawurl")];
}

function seconds() {
  return Math.floor(Date.now() / 1000);
}

function digits(count) {
  return String(Math.floor(Math.random() * 10 ** count)).padStart(count, "0");
}

function randomHex(bytes) {
  return [...new Uint8Array(crypto.randomBytes(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function required(variable) {
  if (!__ENV[variable]) {
    throw new Error(`${variable} is missing: see docs/benchmarks.md`);
  }
  return __ENV[variable];
}
