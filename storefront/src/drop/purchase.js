import { busyPauseMs, replayPauseMs } from "../net/backoff.js";

/**
 * Buying, from the token to the order. The one rule: once a purchase was sent, only the same token with the same
 * body is sent again, because that finds the order instead of making a second one.
 *
 * @typedef {{token: string, expiresAt: number, body: string}} Attempt
 * @typedef {{stage: "token" | "sending" | "checking"} | {stage: "waiting", until: number}} Progress
 * @typedef {{kind: "ordered", order: import("../net/types.js").Receipt}
 *   | {kind: "refused", problem: import("../net/types.js").Problem, retryAfterMs: number | null}
 *   | {kind: "unknown"}
 *   | {kind: "unreachable"}} Outcome
 * @typedef {{api: Pick<import("../net/api.js").Api, "token" | "purchase">, clock: {now(): number},
 *   sleep: (ms: number) => Promise<void>, random: () => number,
 *   keepAttempt: (attempt: Attempt | null) => void, report: (progress: Progress) => void}} Deps
 */

// Minting is cheap and harmless to repeat, but a shop that is down should say so rather than spin.
const TOKEN_TRIES_MAX = 5;
// The page's clock and the writer's differ by milliseconds at opening; longer than this it is a real refusal.
const NOT_OPEN_RETRIES_MAX = 10;
const NOT_OPEN_PAUSE_MS = 400;

/**
 * @param {Deps} deps
 * @param {number} dropId
 * @param {import("../net/types.js").Admission} admission
 * @param {import("../net/types.js").Purchase} body
 * @returns {Promise<Outcome>}
 */
export async function buy(deps, dropId, admission, body) {
  const minted = await mintToken(deps, dropId, admission);
  if (minted.kind !== "minted") return minted;
  const attempt = { token: minted.token, expiresAt: minted.expiresAt, body: JSON.stringify(body) };
  deps.keepAttempt(attempt);
  return send(deps, dropId, attempt, false);
}

/**
 * @param {any} kept what the storage holds
 * @returns {kept is Attempt}
 */
export function isAttempt(kept) {
  return typeof kept?.token === "string" && typeof kept.expiresAt === "number" && typeof kept.body === "string";
}

/**
 * After a reload in the middle of a purchase.
 * @param {Deps} deps
 * @param {number} dropId
 * @param {Attempt} attempt
 * @returns {Promise<Outcome>}
 */
export function resume(deps, dropId, attempt) {
  return send(deps, dropId, attempt, true);
}

/**
 * @param {Deps} deps
 * @param {number} dropId
 * @param {import("../net/types.js").Admission} admission
 * @returns {Promise<{kind: "minted", token: string, expiresAt: number} | Outcome>}
 */
async function mintToken(deps, dropId, admission) {
  for (let tries = 1; ; tries++) {
    deps.report({ stage: "token" });
    const answer = await deps.api.token(dropId, admission);
    if (answer.kind === "ok") {
      return { kind: "minted", token: answer.body.token, expiresAt: Date.parse(answer.body.expires_at) };
    }
    if (answer.kind === "problem" && !isOverload(answer.status)) {
      return { kind: "refused", problem: answer.problem, retryAfterMs: answer.retryAfterMs };
    }
    if (tries === TOKEN_TRIES_MAX) {
      return answer.kind === "problem"
        ? { kind: "refused", problem: answer.problem, retryAfterMs: answer.retryAfterMs }
        : { kind: "unreachable" };
    }
    await pause(deps, answer, tries - 1);
  }
}

/**
 * @param {Deps} deps
 * @param {number} dropId
 * @param {Attempt} attempt
 * @param {boolean} maybeArrived whether an earlier send of this attempt may have become an order
 * @returns {Promise<Outcome>}
 */
async function send(deps, dropId, attempt, maybeArrived) {
  let notOpen = 0;
  for (let tries = 0; ; tries++) {
    if (deps.clock.now() >= attempt.expiresAt) return end(deps, { kind: "unknown" });
    deps.report({ stage: maybeArrived ? "checking" : "sending" });
    const answer = await deps.api.purchase(dropId, attempt.token, attempt.body);
    if (answer.kind === "ok") return end(deps, { kind: "ordered", order: answer.body });
    if (answer.kind === "problem" && answer.problem.code === "not_open_yet" && notOpen < NOT_OPEN_RETRIES_MAX) {
      notOpen++;
      await deps.sleep(NOT_OPEN_PAUSE_MS * (0.75 + deps.random() * 0.5));
      continue;
    }
    if (answer.kind === "problem" && answer.status < 500 && !isOverload(answer.status)) {
      // A token that lapsed while we were asking tells nothing about the order it may have made.
      if (maybeArrived && answer.status === 401) return end(deps, { kind: "unknown" });
      return end(deps, { kind: "refused", problem: answer.problem, retryAfterMs: answer.retryAfterMs });
    }
    if (!surelyNotAccepted(answer)) maybeArrived = true;
    const pauseMs = await pause(deps, answer, tries, attempt.expiresAt);
    if (pauseMs === null) {
      return maybeArrived || answer.kind !== "problem"
        ? end(deps, { kind: "unknown" })
        : end(deps, { kind: "refused", problem: answer.problem, retryAfterMs: answer.retryAfterMs });
    }
  }
}

/**
 * @param {Deps} deps
 * @param {import("../net/api.js").Answer<unknown>} answer
 * @param {number} tries from 0
 * @param {number} [deadline] a pause that would pass it is not begun
 * @returns {Promise<number | null>}
 */
async function pause(deps, answer, tries, deadline = Infinity) {
  const overloaded = answer.kind === "problem" && isOverload(answer.status);
  const pauseMs = overloaded ? busyPauseMs(answer.retryAfterMs, deps.random) : replayPauseMs(tries, deps.random);
  const until = deps.clock.now() + pauseMs;
  if (until >= deadline) return null;
  if (overloaded) deps.report({ stage: "waiting", until });
  else if (deadline !== Infinity) deps.report({ stage: "checking" });
  await deps.sleep(pauseMs);
  return pauseMs;
}

/** @param {number} status */
function isOverload(status) {
  return status === 429 || status === 503;
}

/**
 * `origin_unavailable` may be a timeout behind which the order was written.
 * @param {import("../net/api.js").Answer<unknown>} answer
 */
function surelyNotAccepted(answer) {
  return (
    answer.kind === "problem" &&
    isOverload(answer.status) &&
    ["busy", "rate_limited", "clock_behind"].includes(answer.problem.code)
  );
}

/**
 * @param {Deps} deps
 * @param {Outcome} outcome
 */
function end(deps, outcome) {
  deps.keepAttempt(null);
  return outcome;
}
