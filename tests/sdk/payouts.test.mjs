import assert from "node:assert/strict";
import { test } from "node:test";
import { APIError, ForbiddenError, InvalidSignatureError, UnauthorizedError } from "@payos/node";
import { StandIn } from "./stand-in.mjs";

const TRANSFER = {
  referenceId: "RF7-1",
  amount: 49_000,
  description: "Hoan tien RF7",
  toBin: "970422",
  toAccountNumber: "0123456789",
};
const REQUEST = { ...TRANSFER, category: ["refund"] };

/** @param {string} code */
const refusal = (code) => (/** @type {any} */ error) => {
  assert.ok(error instanceof APIError, String(error));
  assert.deepEqual([error.code, error.status], [code, 200]);
  return true;
};

test("the SDK makes a payout and reads the fields that PayOS documents", async (t) => {
  const payos = await StandIn.start(t);
  const made = await payos.payoutSdk.payouts.create(REQUEST, "RF7-1");
  const { id, createdAt, transactions, ...rest } = made;
  assert.deepEqual(rest, { referenceId: "RF7-1", category: ["refund"], approvalState: "PROCESSING" });
  assert.ok(id && createdAt);
  const { id: transactionId, ...transaction } = transactions[0];
  assert.ok(transactionId);
  const nothing = { toAccountName: null, reference: null, transactionDatetime: null };
  assert.deepEqual(transaction, { ...TRANSFER, ...nothing, errorMessage: null, errorCode: null, state: "RECEIVED" });
});

test("the SDK follows a payout until the bank has carried it out", async (t) => {
  const payos = await StandIn.start(t);
  const before = await payos.payoutSdk.payoutsAccount.balance();
  const { id } = await payos.payoutSdk.payouts.create(REQUEST, "RF7-1");
  await payos.control("payouts/RF7-1/move", { state: "SUCCEEDED", reference: "FT-A", account_name: "NGUYỄN THỊ ÁNH" });
  const paid = await payos.payoutSdk.payouts.get(id);
  const [{ state, reference, toAccountName }] = paid.transactions;
  assert.deepEqual([paid.approvalState, state, reference], ["COMPLETED", "SUCCEEDED", "FT-A"]);
  assert.equal(toAccountName, "NGUYỄN THỊ ÁNH");
  const after = await payos.payoutSdk.payoutsAccount.balance();
  assert.equal(typeof after.balance, "string");
  assert.equal(Number(before.balance) - Number(after.balance), 49_000);
});

test("the SDK makes a batch and estimates what it takes", async (t) => {
  const payos = await StandIn.start(t);
  const payouts = [TRANSFER, { ...TRANSFER, referenceId: "RF8-1" }];
  const batch = { referenceId: "B1", validateDestination: true, category: ["refund"], payouts };
  assert.equal((await payos.payoutSdk.payouts.estimateCredit(batch)).estimateCredit, 98_000);
  assert.equal((await payos.payoutSdk.payouts.estimateCredit(REQUEST)).estimateCredit, 49_000);
  const made = await payos.payoutSdk.payouts.batch.create(batch, "B1");
  assert.deepEqual(
    made.transactions.map((transaction) => transaction.referenceId),
    ["RF7-1", "RF8-1"],
  );
});

test("the SDK lists payouts by reference, state, category and date, page by page", async (t) => {
  const payos = await StandIn.start(t);
  for (let number = 0; number < 12; number += 1) {
    await payos.payoutSdk.payouts.create({ ...REQUEST, referenceId: `RF${number}-1` }, `RF${number}-1`);
  }
  await payos.control("payouts/RF3-1/move", { state: "FAILED" });
  /** @param {object} filter */
  const references = async (filter) => {
    const page = await payos.payoutSdk.payouts.list(filter);
    return (await page.toArray()).map((payout) => payout.referenceId);
  };
  assert.equal((await references({})).length, 12);
  assert.equal((await references({ limit: 5, category: ["salary", "refund"] })).length, 12);
  assert.deepEqual(await references({ referenceId: "RF1-1" }), ["RF1-1"]);
  assert.deepEqual(await references({ approvalState: "FAILED" }), ["RF3-1"]);
  assert.deepEqual(await references({ toDate: new Date(0) }), []);
  assert.equal((await references({ fromDate: new Date(0) })).length, 12);
});

test("a key that comes again gets the first reply, or an error where that was ordered", async (t) => {
  const payos = await StandIn.start(t);
  const first = await payos.payoutSdk.payouts.create(REQUEST, "RF7-1");
  await payos.control("payouts/RF7-1/move", { state: "SUCCEEDED" });
  assert.deepEqual(await payos.payoutSdk.payouts.create(REQUEST, "RF7-1"), first);
  await payos.control("payout-channel", { replay: "error" });
  await assert.rejects(payos.payoutSdk.payouts.create(REQUEST, "RF7-1"), refusal("DUPLICATE_IDEMPOTENCY_KEY"));
  const other = { ...REQUEST, amount: 1 };
  await assert.rejects(payos.payoutSdk.payouts.create(other, "RF7-1"), refusal("INVALID_IDEMPOTENCY_KEY"));
  assert.equal((await payos.payoutSdk.payouts.list()).pagination.total, 1);
});

test("refusals of a payout surface with PayOS's code and status", async (t) => {
  const payos = await StandIn.start(t);
  const { payouts } = payos.payoutSdk;
  await assert.rejects(payos.sdk.payouts.create(REQUEST), refusal("601"));
  await assert.rejects(payos.payoutSdkWith({ apiKey: "another" }).payouts.create(REQUEST), UnauthorizedError);
  await assert.rejects(payos.payoutSdkWith({ checksumKey: "another" }).payouts.create(REQUEST), refusal("201"));
  const unknownField = /** @type {any} */ ({ ...REQUEST, toAccountName: "NGUYEN VAN A" });
  await assert.rejects(payouts.create(unknownField), refusal("20"));
  await assert.rejects(payouts.create({ ...REQUEST, amount: 0 }), refusal("20"));
  await assert.rejects(payouts.get("none"), refusal("404"));
  await payos.control("payout-channel", { ip_refused: true });
  await assert.rejects(payouts.create(REQUEST), ForbiddenError);
  await payos.control("payout-channel", { ip_refused: false, balance: 1_000 });
  await assert.rejects(payouts.create(REQUEST), refusal("BALANCE_NOT_ENOUGH"));
});

test("a reply about a payout with a wrong signature makes the SDK throw InvalidSignatureError", async (t) => {
  const payos = await StandIn.start(t);
  const bad = { create: "bad_signature", get: "bad_signature", list: "bad_signature", balance: "bad_signature" };
  await payos.control("payout-behaviour", bad);
  const { payouts, payoutsAccount } = payos.payoutSdk;
  await assert.rejects(payouts.create(REQUEST, "RF7-1"), InvalidSignatureError);
  await assert.rejects(payouts.list(), InvalidSignatureError);
  await assert.rejects(payoutsAccount.balance(), InvalidSignatureError);
  await payos.control("payout-behaviour", { list: "ok" });
  const [{ id }] = (await payouts.list()).data;
  await assert.rejects(payouts.get(id), InvalidSignatureError);
});

test("every shape of a payout verifies: nulls, missing keys, unknown fields, all times", async (t) => {
  const payos = await StandIn.start(t);
  const { id } = await payos.payoutSdk.payouts.create(REQUEST, "RF7-1");
  await payos.control("payouts/RF7-1/move", { state: "FAILED", error_code: "E1", error_message: "Sai số tài khoản" });
  for (const nothing of ["null", "missing"]) {
    for (const times of ["mixed", "offset", "utc", "wall"]) {
      for (const unknown_fields of [false, true]) {
        await payos.control("shape", { nothing, times, unknown_fields });
        const failed = /** @type {any} */ (await payos.payoutSdk.payouts.get(id));
        assert.equal(failed.transactions[0].errorMessage, "Sai số tài khoản");
        assert.equal("reference" in failed.transactions[0], nothing === "null");
        assert.equal(failed.futureNumber, unknown_fields ? 7 : undefined);
        assert.equal((await payos.payoutSdk.payouts.list()).data.length, 1);
      }
    }
  }
});
