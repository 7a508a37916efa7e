// Prints the signature that the official SDK computes for the body of a payout, without a line break at its end:
//
//     node tests/sdk/sign-payout.mjs CHECKSUM_KEY <body.json
import { text } from "node:stream/consumers";
import { PayOS } from "@payos/node";

const [checksumKey] = process.argv.slice(2);
if (!checksumKey) throw new Error("say the checksum key");
const body = JSON.parse(await text(process.stdin));
// Signing makes no call, so the other keys are never used.
const sdk = new PayOS({ clientId: "none", apiKey: "none", checksumKey });
process.stdout.write(await sdk.crypto.createSignature(checksumKey, body));
