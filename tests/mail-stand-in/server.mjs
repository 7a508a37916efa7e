// The shop's mail server in tests and in `cargo xtask dev`: a real SMTP server that keeps what it takes, with a page to
// read it. What goes wrong at mail servers is switched on over HTTP.
//
//   node tests/mail-stand-in/server.mjs --smtp PORT --http PORT [--key FILE --cert FILE] [--user NAME --password TEXT]
//
// With a key and a certificate it offers STARTTLS. Prints "listening URL" when it takes mail, and ends on SIGTERM.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

import { listPage } from "./page.mjs";

// A night's mails; the oldest go first.
const MAILS_KEPT = 200_000;

const { values } = parseArgs({
  options: Object.fromEntries(["smtp", "http", "key", "cert", "user", "password"].map((name) => [name, { type: "string" }])),
});

/** What was taken, oldest first. */
const mails = [];
/** @type {{mode: string, next: number, slow_ms: number, keep: boolean}} */
let behaviour = { mode: "accept", next: Infinity, slow_ms: 0, keep: true };
let tries = 0;
let taken = 0;

/** The mode of this step, which counts down `next`. */
function mode() {
  tries++;
  if (behaviour.mode !== "accept" && behaviour.next-- <= 0) behaviour = { ...behaviour, mode: "accept" };
  return behaviour.mode;
}

function refusal(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

const smtp = new SMTPServer({
  ...(values.key === undefined ? {} : { key: readFileSync(values.key), cert: readFileSync(values.cert) }),
  hideSTARTTLS: values.key === undefined,
  disabledCommands: values.user === undefined ? ["AUTH"] : [],
  authOptional: values.user === undefined,
  allowInsecureAuth: false,
  disableReverseLookup: true,
  logger: false,
  onAuth(auth, _session, done) {
    if (auth.username === values.user && auth.password === values.password) return done(null, { user: auth.username });
    done(refusal(535, "5.7.8 Wrong user or password"));
  },
  onRcptTo(address, session, done) {
    session.mode = mode();
    switch (session.mode) {
      case "refuse_address":
        return done(refusal(550, `5.1.1 <${address.address}>: no such mailbox`));
      case "refuse_sender":
        return done(refusal(550, "5.7.1 This sender may not send"));
      case "busy":
        return done(refusal(451, "4.3.2 Try again later"));
      case "hang":
        return;
      default:
        return done();
    }
  },
  onData(stream, session, done) {
    if (!behaviour.keep) {
      // For floods: only counted.
      stream.on("end", () => setTimeout(() => (taken++, done()), behaviour.slow_ms)).resume();
      return;
    }
    simpleParser(stream).then((mail) => {
      keep(mail, session.envelope);
      if (session.mode === "cut") return session.cut?.();
      setTimeout(done, behaviour.slow_ms);
    }, done);
  },
  onConnect(session, done) {
    session.cut = () => [...smtp.connections].find((connection) => connection.session === session)?._socket.destroy();
    done();
  },
});
// A client that goes away in the middle is not this server's trouble.
smtp.on("error", () => {});

function keep(mail, envelope) {
  taken++;
  mails.push({
    number: taken,
    from: envelope.mailFrom.address,
    to: envelope.rcptTo.map((to) => to.address),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    message_id: mail.messageId,
    headers: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line])),
  });
  if (mails.length > MAILS_KEPT) mails.shift();
}

const http = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://stand-in");
  const json = (body) => response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  const page = (body) => response.setHeader("content-type", "text/html; charset=utf-8").end(body);
  if (request.method === "POST" && pathname === "/_control/behaviour") {
    let body = "";
    for await (const chunk of request) body += chunk;
    behaviour = { mode: "accept", next: Infinity, slow_ms: 0, keep: true, ...JSON.parse(body) };
    return json({});
  }
  if (pathname === "/_control/mails") return json({ mails });
  if (pathname === "/_control/counts") return json({ tries, taken });
  if (pathname === "/") return page(listPage(mails));
  const mail = mails.find((mail) => pathname === `/mails/${mail.number}`);
  if (mail !== undefined) return page(mail.html || `<pre>${mail.text}</pre>`);
  response.writeHead(404).end();
});

function stop() {
  smtp.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 1000).unref();
}
process.on("SIGTERM", stop);

await new Promise((listens) => smtp.listen(Number(values.smtp), "127.0.0.1", listens));
await new Promise((listens) => http.listen(Number(values.http), "127.0.0.1", listens));
console.log(`listening http://127.0.0.1:${values.http}`);
