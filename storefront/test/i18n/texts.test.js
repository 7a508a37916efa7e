import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { problemCodes } from "../../src/i18n/problems.js";
import { vi } from "../../src/i18n/vi.js";

/** @param {string} folder @param {RegExp} names of files in it and in the folders below */
const read = (folder, names) => {
  const root = fileURLToPath(new URL(folder, import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => names.test(name));
  assert.notEqual(files.length, 0, folder);
  return files.map((name) => readFileSync(path.join(root, name), "utf8"));
};

const scripts = read("../../src/", /\.js$/).join("\n");
const pages = read("../../static/", /\.html$/).join("\n");
const literals = new Set([
  ...[...scripts.matchAll(/"([\w.]+)"/g)].map((match) => match[1]),
  ...[...pages.matchAll(/data-i18n(?:-\w+)?="([\w.]+)"/g)].map((match) => match[1]),
  ...problemCodes().flatMap((code) => [`problem.${code}.title`, `problem.${code}.text`]),
]);
const templates = [...scripts.matchAll(/`([a-z_]+\.[\w.]*)\$\{[^}]*\}([\w.]*)`/g)].map(
  ([, before, after]) => new RegExp(`^${before.replaceAll(".", "\\.")}\\w+${after.replaceAll(".", "\\.")}$`),
);

test("every text that a page asks for by name is in the dictionary", () => {
  const asked = [...scripts.matchAll(/\bt\("([\w.]+)"/g), ...pages.matchAll(/data-i18n(?:-\w+)?="([\w.]+)"/g)];
  for (const [, key] of asked) assert.ok(key in vi, key);
});

test("no text in the dictionary is left over", () => {
  const unused = Object.keys(vi).filter((key) => !literals.has(key) && !templates.some((template) => template.test(key)));
  assert.deepEqual(unused, []);
});

test("nothing on the pages turns data into HTML", () => {
  assert.doesNotMatch(scripts, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/);
});

test("the pages hold no inline script or style, which the content policy forbids", () => {
  assert.doesNotMatch(pages, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
});
