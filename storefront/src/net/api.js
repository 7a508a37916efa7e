import { parseRetryAfter } from "./backoff.js";

/**
 * @typedef {import("./types.js").Problem} Problem
 * @typedef {import("./types.js").DropStatus} DropStatus
 * @typedef {import("./types.js").DropList} DropList
 * @typedef {import("./types.js").ShopConfig} ShopConfig
 * @typedef {import("./types.js").PurchaseToken} PurchaseToken
 * @typedef {import("./types.js").Receipt} Receipt
 * @typedef {import("./types.js").Order} Order
 * @typedef {import("./types.js").RefundDestinationKept} RefundDestinationKept
 */

/**
 * @template T
 * @typedef {{kind: "ok", body: T, etag: string | null}
 *   | {kind: "not_modified"}
 *   | {kind: "problem", status: number, problem: Problem, retryAfterMs: number | null}
 *   | {kind: "unreachable"}} Answer
 */

const STATUS_TIMEOUT_MS = 4000;
// A purchase may wait in the writer's queue and for the disk; giving up sooner only sends it twice.
const WRITE_TIMEOUT_MS = 10_000;

export class Api {
  /**
   * @param {import("./clock.js").ServerClock} clock learns the time from every answer
   * @param {(path: string, options: RequestInit) => Promise<Response>} [send]
   */
  constructor(clock, send = (path, options) => fetch(path, options)) {
    this.clock = clock;
    this.send = send;
  }

  /** @returns {Promise<Answer<DropList>>} */
  drops() {
    return this.#request("GET", "/api/drops", { timeoutMs: STATUS_TIMEOUT_MS });
  }

  /**
   * @param {string} slug
   * @param {string | null} etag
   * @returns {Promise<Answer<DropStatus>>}
   */
  drop(slug, etag) {
    /** @type {Record<string, string>} */
    const headers = etag === null ? {} : { "if-none-match": etag };
    return this.#request("GET", `/api/drops/${encodeURIComponent(slug)}`, { headers, timeoutMs: STATUS_TIMEOUT_MS });
  }

  /** @returns {Promise<Answer<ShopConfig>>} */
  config() {
    return this.#request("GET", "/api/config", { timeoutMs: STATUS_TIMEOUT_MS });
  }

  /**
   * @param {number} dropId
   * @param {import("./types.js").Admission} body
   * @returns {Promise<Answer<PurchaseToken>>}
   */
  token(dropId, body) {
    return this.#request("POST", `/api/drops/${dropId}/token`, {
      body: JSON.stringify(body),
      timeoutMs: WRITE_TIMEOUT_MS,
    });
  }

  /**
   * @param {number} dropId
   * @param {string} token
   * @param {string} body the very same text on every replay
   * @returns {Promise<Answer<Receipt>>}
   */
  purchase(dropId, token, body) {
    return this.#request("POST", `/api/drops/${dropId}/purchase`, {
      headers: { authorization: `Bearer ${token}` },
      body,
      timeoutMs: WRITE_TIMEOUT_MS,
    });
  }

  /**
   * @param {string} orderCode
   * @param {string} orderKey
   * @returns {Promise<Answer<Order>>}
   */
  order(orderCode, orderKey) {
    return this.#request("GET", `/api/orders/${orderCode}`, {
      headers: { authorization: `Bearer ${orderKey}` },
      timeoutMs: STATUS_TIMEOUT_MS,
    });
  }

  /**
   * @param {string} orderCode
   * @param {string} orderKey
   * @returns {Promise<Answer<Order>>}
   */
  cancelOrder(orderCode, orderKey) {
    return this.#request("POST", `/api/orders/${orderCode}/cancel`, {
      headers: { authorization: `Bearer ${orderKey}` },
      timeoutMs: WRITE_TIMEOUT_MS,
    });
  }

  /**
   * @param {string} orderCode
   * @param {string} orderKey
   * @param {import("./types.js").RefundDestination} destination
   * @returns {Promise<Answer<RefundDestinationKept>>}
   */
  refundDestination(orderCode, orderKey, destination) {
    return this.#request("POST", `/api/orders/${orderCode}/refund-destination`, {
      headers: { authorization: `Bearer ${orderKey}` },
      body: JSON.stringify(destination),
      timeoutMs: WRITE_TIMEOUT_MS,
    });
  }

  /**
   * @param {{order: string, email: string}} question
   * @returns {Promise<Answer<unknown>>}
   */
  orderLink(question) {
    return this.#request("POST", "/api/order-links", { body: JSON.stringify(question), timeoutMs: WRITE_TIMEOUT_MS });
  }

  /**
   * @template T
   * @param {string} method
   * @param {string} path
   * @param {{headers?: Record<string, string>, body?: string, timeoutMs: number}} options
   * @returns {Promise<Answer<T>>}
   */
  async #request(method, path, { headers = {}, body, timeoutMs }) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    const sentAt = this.clock.local();
    try {
      const response = await this.send(path, {
        method,
        body,
        headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
        // We ask with If-None-Match ourselves; the browser's cache would replay an old dropgate-time.
        cache: "no-store",
        credentials: "same-origin",
        signal: abort.signal,
      });
      this.#learnTime(response, sentAt);
      return await readAnswer(response, this.clock.now());
    } catch {
      return { kind: "unreachable" };
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @param {Response} response
   * @param {number} sentAt
   */
  #learnTime(response, sentAt) {
    const header = response.headers.get("dropgate-time");
    if (header === null || !/^\d{1,16}$/.test(header)) return;
    const age = response.headers.get("age");
    this.clock.observe(sentAt, this.clock.local(), Number(header), age === null ? undefined : Number(age) || 0);
  }
}

/**
 * @template T
 * @param {Response} response
 * @param {number} nowMs
 * @returns {Promise<Answer<T>>}
 */
async function readAnswer(response, nowMs) {
  if (response.status === 304) return { kind: "not_modified" };
  const text = await response.text();
  if (response.ok) return { kind: "ok", body: JSON.parse(text), etag: response.headers.get("etag") };
  return {
    kind: "problem",
    status: response.status,
    problem: readProblem(text, response.status),
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), nowMs),
  };
}

/**
 * @param {string} text
 * @param {number} status
 * @returns {Problem}
 */
function readProblem(text, status) {
  try {
    const problem = JSON.parse(text);
    if (typeof problem.code === "string") return problem;
  } catch {
    // Something between us and the edge answered in HTML; its status is all there is to go by.
  }
  if (status === 429) return { code: "rate_limited" };
  // Not "busy": only the shop itself can say that nothing was accepted.
  return { code: status === 503 ? "origin_unavailable" : "internal" };
}
