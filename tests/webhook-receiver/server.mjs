// The merchant's own system in tests: it takes deliveries and checks each with the official library of Standard Webhooks.
// Every path is an endpoint of its own. What goes wrong at receivers is switched on over HTTP.
//
//   node tests/webhook-receiver/server.mjs --port PORT
//
// Prints "listening URL" when it takes deliveries, and ends on SIGTERM.

import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { Webhook } from "standardwebhooks";

const { values } = parseArgs({ options: { port: { type: "string" } } });

/** By path: its secrets, its behaviour, what came. */
const endpoints = new Map();

function endpoint(path) {
  if (!endpoints.has(path)) endpoints.set(path, { secrets: [], behaviour: { mode: "accept" }, deliveries: [], tried: [] });
  return endpoints.get(path);
}

function isVerified(secret, body, headers) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

async function text(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function stream(response, chunk, pauseMs) {
  response.writeHead(500, { "content-type": "text/html" });
  const timer = pauseMs === 0 ? undefined : setInterval(() => response.write(chunk), pauseMs);
  const pump = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once("drain", pump);
  };
  if (timer === undefined) pump();
  response.on("close", () => clearInterval(timer));
}

function answer(request, response, { mode, status, retry_after: retryAfter, location }) {
  switch (mode) {
    case "accept":
      return response.writeHead(204).end();
    case "status":
      if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
      return response.writeHead(status, { "content-type": "text/html" }).end(`<h1>${"no ".repeat(2000)}</h1>`);
    case "redirect":
      return response.writeHead(307, { location }).end();
    case "refuse":
      return request.socket.destroy();
    case "hang":
      return undefined;
    case "cut":
      return request.socket.end("HTTP/1.1 200 OK\r\ncontent-le");
    case "slow":
      return stream(response, "x", 1000);
    case "huge":
      return stream(response, Buffer.alloc(1 << 20, "x"), 0);
    default:
      throw new Error(`no such mode: ${mode}`);
  }
}

async function control(request, response, path) {
  const { of, ...given } = JSON.parse((await text(request)) || "{}");
  const known = endpoint(of);
  if (path === "/_control/behaviour") known.behaviour = given;
  if (path === "/_control/secrets") known.secrets = given.secrets;
  const { deliveries, tried } = known;
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ deliveries, tried }));
}

async function take(request, response, path) {
  const known = endpoint(path);
  known.tried.push(request.headers["webhook-id"]);
  const body = await text(request);
  const { secrets, behaviour } = known;
  const verified = secrets.map((secret) => isVerified(secret, body, request.headers));
  if (behaviour.mode === "accept") {
    known.deliveries.push({ id: request.headers["webhook-id"], verified, body: JSON.parse(body) });
  }
  answer(request, response, behaviour);
}

const server = createServer((request, response) => {
  const handle = request.url.startsWith("/_control/") ? control : take;
  handle(request, response, request.url).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(Number(values.port), "127.0.0.1", () => console.log(`listening http://127.0.0.1:${values.port}`));
process.on("SIGTERM", () => process.exit(0));
