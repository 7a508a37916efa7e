import assert from "node:assert/strict";
import { test } from "node:test";
import { dropPhase, pollMs, quantityMax } from "../../src/drop/rules.js";

const OPENS = Date.parse("2026-11-21T13:00:00Z");

/** @param {object} over */
function drop(over = {}) {
  return /** @type {any} */ ({
    opens_at: "2026-11-21T13:00:00Z", closes_at: null, state: "open", paused: false, limit_per_customer: 2,
    stock: { available: 5, held: 0, sold: 0, withdrawn: 0 }, ...over,
  });
}

test("a drop opens at its second although the last answer still said coming", () => {
  const coming = drop({ state: "coming" });
  assert.equal(dropPhase(coming, OPENS - 1), "coming");
  assert.equal(dropPhase(coming, OPENS), "open");
});

test("a drop closes at its second although the last answer still said open", () => {
  const closing = drop({ closes_at: "2026-11-21T14:00:00Z" });
  assert.equal(dropPhase(closing, OPENS + 3_599_999), "open");
  assert.equal(dropPhase(closing, OPENS + 3_600_000), "closed");
});

test("stock that is all held may return, stock that is all sold does not", () => {
  assert.equal(dropPhase(drop({ stock: { available: 0, held: 1, sold: 4, withdrawn: 0 } }), OPENS), "held_out");
  assert.equal(dropPhase(drop({ stock: { available: 0, held: 0, sold: 5, withdrawn: 0 } }), OPENS), "sold_out");
});

test("a closed drop stays closed whatever else it says", () => {
  assert.equal(dropPhase(drop({ state: "closed", paused: true }), OPENS), "closed");
});

test("a paused drop counts down first and is paused when it would open", () => {
  const paused = drop({ state: "coming", paused: true });
  assert.equal(dropPhase(paused, OPENS - 1), "coming");
  assert.equal(dropPhase(paused, OPENS), "paused");
});

test("a shopper is offered no more than the limit and than is left", () => {
  assert.equal(quantityMax(drop(), "open"), 2);
  assert.equal(quantityMax(drop({ stock: { available: 1, held: 0, sold: 4, withdrawn: 0 } }), "open"), 1);
  assert.equal(quantityMax(drop({ stock: { available: 0, held: 1, sold: 4, withdrawn: 0 } }), "held_out"), 2);
});

test("the status is asked for every second while seconds matter", () => {
  assert.equal(pollMs(drop({ state: "coming" }), "coming", OPENS - 60_000), 1000);
  for (const phase of /** @type {const} */ (["open", "held_out", "paused"])) {
    assert.equal(pollMs(drop(), phase, OPENS), 1000);
  }
  assert.ok(pollMs(drop({ state: "coming" }), "coming", OPENS - 3_600_000) > 1000);
});
