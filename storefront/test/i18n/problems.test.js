import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../src/i18n/en.js";
import { chooseLanguage } from "../../src/i18n/index.js";
import { problemCodes, problemMessage } from "../../src/i18n/problems.js";
import { vi } from "../../src/i18n/vi.js";

test("both languages say the same things", () => {
  assert.deepEqual(Object.keys(en).sort(), Object.keys(vi).sort());
});

test("both languages fill in the same values", () => {
  const holes = (/** @type {string} */ text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const key of Object.keys(vi)) assert.deepEqual(holes(en[key]), holes(vi[key]), key);
});

test("no text is empty", () => {
  for (const dictionary of [vi, en]) {
    for (const [key, text] of Object.entries(dictionary)) assert.ok(text.trim() !== "", key);
  }
});

test("every code of a problem says what happened and what to do, in both languages", () => {
  for (const code of [...problemCodes(), "a_code_of_next_year"]) {
    const { title, text } = problemMessage(code);
    for (const dictionary of [vi, en]) assert.ok(dictionary[title] && dictionary[text], code);
  }
});

test("every problem in the dictionary is a code that is looked up", () => {
  const codes = new Set(Object.keys(vi).filter((key) => /^problem\.\w+\.title$/.test(key)).map((key) => key.split(".")[1]));
  assert.deepEqual([...codes].sort(), problemCodes().sort());
});

test("an unknown code gets the general message", () => {
  assert.deepEqual(problemMessage("a_code_of_next_year"), problemMessage("internal"));
});

test("Vietnamese is spoken unless the shopper reads only other languages or chose one", () => {
  assert.equal(chooseLanguage(null, ["vi-VN", "en"]), "vi");
  assert.equal(chooseLanguage(null, ["en-US", "vi"]), "vi");
  assert.equal(chooseLanguage(null, ["en-GB"]), "en");
  assert.equal(chooseLanguage(null, ["ja"]), "en");
  assert.equal(chooseLanguage(null, []), "vi");
  assert.equal(chooseLanguage("en", ["vi"]), "en");
  assert.equal(chooseLanguage("tlh", ["vi"]), "vi");
});
