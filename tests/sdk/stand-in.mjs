import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { PayOS } from "@payos/node";

const PROGRAM =
  process.env.PAYOS_STAND_IN ?? fileURLToPath(new URL("../../target/debug/payos-stand-in", import.meta.url));

const KEYS = { clientId: "sdk-client", apiKey: "sdk-api-key", checksumKey: "sdk-checksum-key" };

const PAYOUT_KEYS = { clientId: "sdk-payouts", apiKey: "sdk-payout-api-key", checksumKey: "sdk-payout-checksum-key" };

/** No webhook of this machine takes longer; it turns a hang into a failure. */
const WEBHOOK_DEADLINE_MS = 10_000;

/** The stand-in as a process of its own, the official SDK as its client, and a merchant that receives its webhooks. */
export class StandIn {
  /** @param {import("node:test").TestContext} test */
  static async start(test) {
    const merchant = await Merchant.start(test);
    const program = spawn(
      PROGRAM,
      [
        ...["--listen", "127.0.0.1:0", "--webhook-url", merchant.url],
        ...["--client-id", KEYS.clientId, "--api-key", KEYS.apiKey, "--checksum-key", KEYS.checksumKey],
        ...["--payout-client-id", PAYOUT_KEYS.clientId, "--payout-api-key", PAYOUT_KEYS.apiKey],
        ...["--payout-checksum-key", PAYOUT_KEYS.checksumKey],
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    test.after(() => program.kill());
    const failed = once(program, "error").then(([error]) => Promise.reject(error));
    const ended = once(program, "exit").then(([code]) => Promise.reject(new Error(`the stand-in ended with ${code}`)));
    // They matter while it starts, and are expected when it is stopped.
    failed.catch(() => {});
    ended.catch(() => {});
    const said = once(createInterface({ input: program.stdout }), "line");
    const [line] = await Promise.race([said, failed, ended]);
    const url = /^listening (http:\S+)$/.exec(line)?.[1];
    if (url === undefined) throw new Error(`the stand-in said ${line}`);
    return new StandIn(url, merchant);
  }

  /** @param {string} url @param {Merchant} merchant */
  constructor(url, merchant) {
    this.url = url;
    this.merchant = merchant;
    this.sdk = this.sdkWith({});
    this.payoutSdk = this.payoutSdkWith({});
  }

  /** An SDK that does not repeat calls, so that each outcome is seen. @param {object} options */
  sdkWith(options) {
    return new PayOS({ ...KEYS, baseURL: this.url, maxRetries: 0, timeout: 5_000, logLevel: "off", ...options });
  }

  /** The same with the keys of the payout channel. @param {object} options */
  payoutSdkWith(options) {
    return this.sdkWith({ ...PAYOUT_KEYS, ...options });
  }

  /** @param {number} orderCode @param {object} [more] */
  create(orderCode, more = {}) {
    const [returnUrl, cancelUrl] = ["http://shop.example/return", "http://shop.example/cancel"];
    const request = { orderCode, amount: 49_000, description: "DH00007", returnUrl, cancelUrl };
    return this.sdk.paymentRequests.create({ ...request, ...more });
  }

  /** @param {string} path @param {object} body */
  async control(path, body) {
    const answer = await fetch(`${this.url}/_control/${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  }
}

/** Keeps every webhook it is sent. */
class Merchant {
  /** @param {import("node:test").TestContext} test */
  static async start(test) {
    const merchant = new Merchant();
    const server = createServer(async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      response.writeHead(merchant.status).end();
      merchant.#receive(Buffer.concat(parts).toString());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    test.after(() => server.close().closeAllConnections());
    merchant.url = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}/hook`;
    return merchant;
  }

  url = "";
  /** How webhooks are answered. */
  status = 200;
  /** @type {string[]} */
  #received = [];
  #onWebhook = () => {};

  /** The oldest webhook that no test has taken. */
  async next() {
    if (this.#received.length === 0) {
      await new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error("no webhook came")), WEBHOOK_DEADLINE_MS);
        this.#onWebhook = () => {
          clearTimeout(late);
          resolve(undefined);
        };
      });
    }
    return JSON.parse(/** @type {string} */ (this.#received.shift()));
  }

  /** @param {string} body */
  #receive(body) {
    this.#received.push(body);
    this.#onWebhook();
  }
}
