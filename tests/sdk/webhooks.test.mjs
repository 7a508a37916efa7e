import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { WebhookError } from "@payos/node";
import { StandIn } from "./stand-in.mjs";

const SIGN = fileURLToPath(new URL("./sign.mjs", import.meta.url));

test("a registered address has accepted a sample that the SDK verifies", async (t) => {
  const payos = await StandIn.start(t);
  const url = `${payos.merchant.url}?registered`;
  const confirmed = await payos.sdk.webhooks.confirm(url);
  assert.equal(confirmed.webhookUrl, url);
  assert.ok(confirmed.accountNumber);
  const sample = await payos.sdk.webhooks.verify(await payos.merchant.next());
  assert.deepEqual([sample.orderCode, sample.reference, sample.accountNumber], [123, "TF230204212323", "12345678"]);
  payos.merchant.status = 500;
  await assert.rejects(payos.sdk.webhooks.confirm(payos.merchant.url), WebhookError);
  await assert.rejects(payos.sdk.webhooks.confirm("no address"), WebhookError);
});

test("the webhook of a payment verifies and tells what get tells", async (t) => {
  const payos = await StandIn.start(t);
  const { paymentLinkId } = await payos.create(7);
  await payos.control("links/7/pay", { description: "a & b=c ", reference: "" });
  const verified = await payos.sdk.webhooks.verify(await payos.merchant.next());
  const [seen] = (await payos.sdk.paymentRequests.get(7)).transactions;
  assert.deepEqual([verified.orderCode, verified.paymentLinkId, verified.code], [7, paymentLinkId, "00"]);
  assert.deepEqual([verified.amount, verified.reference, verified.description], [seen.amount, "", "a & b=c "]);
  assert.deepEqual([seen.amount, seen.reference, seen.description], [49_000, "", "a & b=c "]);
});

test("webhooks of partial, excess and late money verify, each with its own amount", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  const amounts = async () => (await payos.sdk.webhooks.verify(await payos.merchant.next())).amount;
  await payos.control("links/7/pay", { amount: 9_000 });
  assert.equal(await amounts(), 9_000);
  await payos.control("links/7/pay", { amount: 50_000 });
  assert.equal(await amounts(), 50_000);
  await payos.create(8);
  await payos.sdk.paymentRequests.cancel(8);
  await payos.control("links/8/pay", {});
  assert.equal(await amounts(), 49_000);
  const late = await payos.sdk.paymentRequests.get(8);
  assert.deepEqual([late.status, late.amountPaid], ["CANCELLED", 49_000]);
});

test("a webhook that comes three times is the same each time and verifies each time", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  await payos.control("links/7/pay", { times: 3 });
  const bodies = [await payos.merchant.next(), await payos.merchant.next(), await payos.merchant.next()];
  for (const body of bodies) {
    assert.deepEqual(body, bodies[0]);
    assert.equal((await payos.sdk.webhooks.verify(body)).orderCode, 7);
  }
});

test("a webhook signed with a wrong key or changed on the way does not verify", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  await payos.control("links/7/pay", { amount: 9_000, forged: true });
  await assert.rejects(payos.sdk.webhooks.verify(await payos.merchant.next()), WebhookError);
  await payos.control("links/7/pay", { amount: 9_000, description: "DH00007 " });
  const genuine = await payos.merchant.next();
  await payos.sdk.webhooks.verify(genuine);
  for (const change of [{ amount: 49_000 }, { orderCode: 8 }, { description: "DH00007" }, { added: "x" }]) {
    const changed = { ...genuine, data: { ...genuine.data, ...change } };
    await assert.rejects(payos.sdk.webhooks.verify(changed), WebhookError, JSON.stringify(change));
  }
});

test("every shape of a webhook verifies: nulls, missing keys, empty text, unknown fields, all times", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  const counter_account = { name: "NGUYỄN THỊ ÁNH" };
  for (const nothing of ["null", "missing", "empty"]) {
    for (const times of ["mixed", "offset", "utc", "wall"]) {
      await payos.control("shape", { nothing, times, unknown_fields: true });
      await payos.control("links/7/pay", { amount: 100, counter_account });
      const verified = /** @type {any} */ (await payos.sdk.webhooks.verify(await payos.merchant.next()));
      assert.deepEqual([verified.counterAccountName, verified.futureNumber], ["NGUYỄN THỊ ÁNH", 7]);
      assert.equal(verified.counterAccountNumber, { null: null, missing: undefined, empty: "" }[nothing]);
    }
  }
});

test("what the SDK signs is what the stand-in signs", async (t) => {
  const payos = await StandIn.start(t);
  await payos.control("shape", { unknown_fields: true });
  await payos.create(7);
  await payos.control("links/7/pay", { description: "a & b=c ", counter_account: { name: "NGUYỄN THỊ ÁNH" } });
  const sent = await payos.merchant.next();
  const signed = execFileSync(process.execPath, [SIGN, payos.sdk.checksumKey], { input: JSON.stringify(sent.data) });
  assert.deepEqual(JSON.parse(signed.toString()), sent);
});
