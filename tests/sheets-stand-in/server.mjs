// Google Sheets in tests and in `cargo xtask dev`: the token endpoint and the calls that the origin makes, over one
// spreadsheet kept in memory, with a page that shows it. What goes wrong at Google is switched on over HTTP.
//
//   node tests/sheets-stand-in/server.mjs --port PORT --key-file FILE
//
// Makes a service account and writes its key to FILE, as Google does. Prints "listening URL", and ends on SIGTERM.

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { Account } from "./account.mjs";
import { sheetPage } from "./page.mjs";
import { ApiError, Spreadsheet } from "./spreadsheet.mjs";

/** The spreadsheet's id, which is part of its address. */
const SPREADSHEET = "stand-in-spreadsheet";

/** Google's limit for one account and minute. */
const WRITES_A_MINUTE = 60;

const { values } = parseArgs({ options: { port: { type: "string" }, "key-file": { type: "string" } } });
const origin = `http://127.0.0.1:${values.port}`;
const account = new Account(`${origin}/token`);
const spreadsheet = new Spreadsheet();

/** @type {{mode: string, of: string, next: number, retry_after?: number}} */
let behaviour = { mode: "accept", of: "append", next: Infinity };
const counts = { tokens: 0, reads: 0, appends: 0 };
/** When the last writes came. */
let writes = [];

/** What this call runs into; counts `next` down. */
function mode(of) {
  if (behaviour.mode === "accept" || (behaviour.of !== of && behaviour.of !== "any")) return "accept";
  if (behaviour.next-- > 0) return behaviour.mode;
  behaviour = { mode: "accept", of: "any", next: Infinity };
  return "accept";
}

function checkQuota() {
  const now = Date.now();
  writes = writes.filter((at) => now - at < 60_000);
  writes.push(now);
  if (writes.length > WRITES_A_MINUTE) throw new ApiError(429, "RESOURCE_EXHAUSTED", "Quota exceeded for 'Write requests'");
}

const FAILURES = {
  quota: [429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Write requests'"],
  broken: [503, "UNAVAILABLE", "The service is currently unavailable."],
  unauthorized: [401, "UNAUTHENTICATED", "Request had invalid authentication credentials."],
  forbidden: [403, "PERMISSION_DENIED", "The caller does not have permission"],
};

/** @returns {Promise<object | null>} what to answer, or null for none */
async function call(request, url, body) {
  account.checkToken(request.headers.authorization);
  const [, id, range, append] = url.pathname.match(/^\/v4\/spreadsheets\/([^/]+)\/values\/(.+?)(:append)?$/) ?? [];
  if (id !== SPREADSHEET) throw new ApiError(404, "NOT_FOUND", "Requested entity was not found.");
  const of = append === undefined ? (request.method === "PUT" ? "update" : "read") : "append";
  const failure = mode(of);
  if (of === "append") counts.appends++;
  if (of === "read") counts.reads++;
  if (failure === "hang") return null;
  if (FAILURES[failure] !== undefined) throw new ApiError(...FAILURES[failure]);
  if (of !== "read") checkQuota();
  const answer = spreadsheet[of](decodeURIComponent(range), url.searchParams, body);
  if (failure === "hang_after") return null;
  if (failure === "cut") request.socket.destroy();
  return failure === "cut" ? null : answer;
}

async function control(pathname, body) {
  switch (pathname) {
    case "/_control/behaviour":
      behaviour = { of: "append", next: Infinity, ...body };
      return {};
    case "/_control/tab":
      if (body.rows !== undefined) spreadsheet.tabs.set(body.name, body.rows);
      return { rows: spreadsheet.tabs.get(body.name) ?? [] };
    case "/_control/expire":
      account.forgetTokens();
      return {};
    case "/_control/counts":
      return counts;
    default:
      throw new ApiError(404, "NOT_FOUND", "no such page");
  }
}

async function answer(request, url, body) {
  if (url.pathname.startsWith("/_control/")) return control(url.pathname, JSON.parse(body));
  if (url.pathname === "/token") {
    counts.tokens++;
    return account.token(new URLSearchParams(body));
  }
  return call(request, url, body === "" ? undefined : JSON.parse(body));
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, origin);
  let body = "";
  for await (const chunk of request) body += chunk;
  if (url.pathname === "/") {
    response.setHeader("content-type", "text/html; charset=utf-8").end(sheetPage(spreadsheet.tabs));
    return;
  }
  response.setHeader("content-type", "application/json; charset=UTF-8");
  try {
    const answered = await answer(request, url, body);
    if (answered !== null) response.end(JSON.stringify(answered));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 429 && behaviour.retry_after !== undefined) response.setHeader("retry-after", behaviour.retry_after);
    response.writeHead(error.code).end(JSON.stringify(error.body));
  }
});

process.on("SIGTERM", () => process.exit(0));
writeFileSync(values["key-file"], account.keyFile(), { mode: 0o600 });
await new Promise((listens) => server.listen(Number(values.port), "127.0.0.1", listens));
console.log(`listening ${origin}`);
