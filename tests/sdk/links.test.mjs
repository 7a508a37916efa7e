import assert from "node:assert/strict";
import { test } from "node:test";
import { APIError, InvalidSignatureError, PayOS, TooManyRequestError, UnauthorizedError } from "@payos/node";
import { StandIn } from "./stand-in.mjs";

/** @param {string} code */
const refusal = (code) => (/** @type {any} */ error) => {
  assert.ok(error instanceof APIError, String(error));
  assert.deepEqual([error.code, error.status], [code, 200]);
  return true;
};

test("the SDK creates a link and reads the fields that PayOS documents", async (t) => {
  const payos = await StandIn.start(t);
  const items = [{ name: "Gốm", quantity: 1, price: 49_000 }];
  const created = await payos.create(7, { expiredAt: 2_000_000_000, items });
  const { bin, accountNumber, accountName, paymentLinkId, checkoutUrl, qrCode, ...rest } = created;
  const [amount, description, currency, expiredAt] = [49_000, "DH00007", "VND", 2_000_000_000];
  assert.deepEqual(rest, { orderCode: 7, amount, description, currency, expiredAt, status: "PENDING" });
  assert.ok(bin && accountNumber && accountName && paymentLinkId);
  assert.equal(checkoutUrl, `${payos.url}/web/${paymentLinkId}`);
  assert.ok(qrCode.startsWith("000201"), qrCode);
});

test("PAYOS_BASE_URL alone points the SDK at the stand-in", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  process.env.PAYOS_BASE_URL = payos.url;
  t.after(() => delete process.env.PAYOS_BASE_URL);
  const sdk = new PayOS({ clientId: "sdk-client", apiKey: "sdk-api-key", checksumKey: "sdk-checksum-key" });
  assert.equal((await sdk.paymentRequests.get(7)).status, "PENDING");
});

test("the SDK gets a link by order code and by link id, with and without money on it", async (t) => {
  const payos = await StandIn.start(t);
  const { paymentLinkId } = await payos.create(7);
  const open = await payos.sdk.paymentRequests.get(7);
  assert.deepEqual([open.id, open.status, open.amountPaid, open.transactions], [paymentLinkId, "PENDING", 0, []]);
  await payos.control("links/7/pay", { amount: 9_000, reference: "FT-A", description: "DH00007 ", webhook: false });
  const part = await payos.sdk.paymentRequests.get(paymentLinkId);
  assert.deepEqual([part.status, part.amountPaid, part.amountRemaining], ["UNDERPAID", 9_000, 40_000]);
  const [{ reference, amount, description }] = part.transactions;
  assert.deepEqual([reference, amount, description], ["FT-A", 9_000, "DH00007 "]);
});

test("the SDK cancels with a reason and without one", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  const cancelled = await payos.sdk.paymentRequests.cancel(7, "hết hạn giữ chỗ");
  assert.deepEqual([cancelled.status, cancelled.cancellationReason], ["CANCELLED", "hết hạn giữ chỗ"]);
  assert.ok(cancelled.canceledAt);
  const { paymentLinkId } = await payos.create(8);
  const silent = await payos.sdk.paymentRequests.cancel(paymentLinkId);
  assert.deepEqual([silent.status, silent.cancellationReason], ["CANCELLED", null]);
});

test("a refusal comes with HTTP 200 and surfaces as an APIError with PayOS's code", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  await assert.rejects(payos.create(7), refusal("231"));
  await assert.rejects(payos.sdk.paymentRequests.get(8), refusal("101"));
  await assert.rejects(payos.sdk.paymentRequests.cancel(8), refusal("101"));
  await assert.rejects(payos.create(9, { description: "x".repeat(26) }), refusal("20"));
  await assert.rejects(payos.create(9, { amount: 0 }), refusal("20"));
  const stranger = payos.sdkWith({ checksumKey: "another" });
  const [returnUrl, cancelUrl] = ["http://shop.example/return", "http://shop.example/cancel"];
  const request = { orderCode: 9, amount: 1_000, description: "DH9", returnUrl, cancelUrl };
  await assert.rejects(stranger.paymentRequests.create(request), refusal("201"));
  await payos.sdk.paymentRequests.cancel(7);
  await assert.rejects(payos.sdk.paymentRequests.cancel(7), refusal("20"));
});

test("wrong keys are an UnauthorizedError with HTTP 401", async (t) => {
  const payos = await StandIn.start(t);
  const wrong = payos.sdkWith({ apiKey: "another" });
  await assert.rejects(wrong.paymentRequests.get(7), (error) => {
    assert.ok(error instanceof UnauthorizedError, String(error));
    assert.equal(error.code, "401");
    return true;
  });
});

test("a reply with a wrong signature makes the SDK throw InvalidSignatureError, for each call", async (t) => {
  const payos = await StandIn.start(t);
  await payos.control("behaviour", { create: "bad_signature", get: "bad_signature", cancel: "bad_signature" });
  await assert.rejects(payos.create(7), InvalidSignatureError);
  await assert.rejects(payos.sdk.paymentRequests.get(7), InvalidSignatureError);
  await assert.rejects(payos.sdk.paymentRequests.cancel(7), InvalidSignatureError);
  await payos.control("behaviour", { get: "ok" });
  assert.equal((await payos.sdk.paymentRequests.get(7)).status, "CANCELLED");
});

test("every shape of a reply verifies: nulls, missing keys, empty text, unknown fields, all times", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  const counter_account = { bank_id: "970422", bank_name: "MB", name: "NGUYỄN THỊ ÁNH", number: "0999" };
  await payos.control("links/7/pay", { amount: 9_000, reference: "", description: "a & b=c ", counter_account });
  await payos.control("links/7/pay", { amount: 1_000 });
  for (const nothing of ["null", "missing", "empty"]) {
    for (const times of ["mixed", "offset", "utc", "wall"]) {
      for (const unknown_fields of [false, true]) {
        await payos.control("shape", { nothing, times, unknown_fields });
        const link = /** @type {any} */ (await payos.sdk.paymentRequests.get(7));
        assert.equal(link.amountPaid, 10_000);
        assert.equal(link.transactions[0].counterAccountName, "NGUYỄN THỊ ÁNH");
        assert.equal("canceledAt" in link, nothing !== "missing");
        assert.equal(link.futureNumber, unknown_fields ? 7 : undefined);
      }
    }
  }
});

test("a status that no SDK knows passes through", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  for (const status of ["PROCESSING", "FAILED", "ON_HOLD"]) {
    await payos.control("links/7/show", { status });
    assert.equal((await payos.sdk.paymentRequests.get(7)).status, status);
  }
});

test("money that lands as the SDK cancels is a refusal, then a paid link", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  await payos.control("links/7/pay", { when: "before_cancel" });
  assert.equal((await payos.sdk.paymentRequests.get(7)).status, "PENDING");
  await assert.rejects(payos.sdk.paymentRequests.cancel(7), refusal("20"));
  const link = await payos.sdk.paymentRequests.get(7);
  assert.deepEqual([link.status, link.amountPaid], ["PAID", 49_000]);
});

test("the SDK waits as retry-after says and succeeds; without repeats it throws TooManyRequestError", async (t) => {
  const payos = await StandIn.start(t);
  await payos.create(7);
  await payos.control("behaviour", { get: "rate_limited", retry_after_seconds: 1, next: 1 });
  const started = performance.now();
  assert.equal((await payos.sdkWith({ maxRetries: 1 }).paymentRequests.get(7)).status, "PENDING");
  assert.ok(performance.now() - started >= 990, "it came back too early");
  await payos.control("behaviour", { get: "rate_limited_without_retry_after" });
  await assert.rejects(payos.sdk.paymentRequests.get(7), TooManyRequestError);
});

test("the SDK repeats a creation that failed, and a silent one ends as a duplicate", async (t) => {
  const payos = await StandIn.start(t);
  payos.sdk = payos.sdkWith({ maxRetries: 1 });
  await payos.control("behaviour", { create: "fail_5xx", status: 503, next: 1 });
  assert.equal((await payos.create(7)).orderCode, 7);
  await payos.control("behaviour", { create: "silent", next: 1 });
  await assert.rejects(payos.create(8), refusal("231"));
  assert.equal((await payos.sdk.paymentRequests.get(8)).status, "PENDING");
});
