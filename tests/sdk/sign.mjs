// Prints a webhook body that the official SDK has signed, without a line break at its end:
//
//     node tests/sdk/sign.mjs CHECKSUM_KEY <data.json
import { text } from "node:stream/consumers";
import { PayOS } from "@payos/node";

const [checksumKey] = process.argv.slice(2);
if (!checksumKey) throw new Error("say the checksum key");
const data = JSON.parse(await text(process.stdin));
// Signing makes no call, so the other keys are never used.
const sdk = new PayOS({ clientId: "none", apiKey: "none", checksumKey });
const signature = await sdk.crypto.createSignatureFromObj(data, checksumKey);
process.stdout.write(JSON.stringify({ code: "00", desc: "success", success: true, data, signature }));
