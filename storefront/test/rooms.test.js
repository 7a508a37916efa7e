import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

// Which rooms a room may import from. The three in the middle know nothing of each other.
const ARROWS = /** @type {Record<string, string[]>} */ ({
  pages: ["drop", "order", "refund", "ui", "net", "i18n"],
  drop: ["ui", "net", "i18n"],
  order: ["ui", "net", "i18n"],
  refund: ["ui", "net", "i18n"],
  ui: ["net", "i18n"],
  net: [],
  i18n: [],
});

const root = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.(js|css)$/.test(file));

/** @param {string} file @returns {string[]} the files it imports, types and styles too */
function importsOf(file) {
  const text = readFileSync(path.join(root, file), "utf8");
  const named = [...text.matchAll(/(?:\bfrom |\bimport\(|^import |@import )"(\.[^"]+)"/gm)].map((match) => match[1]);
  // A table of data imports nothing further, wherever it lies.
  return named.filter((name) => !name.endsWith(".json")).map((name) => path.posix.normalize(path.posix.join(path.posix.dirname(file), name)));
}

test("every file lies in a room, and imports point one way", () => {
  assert.deepEqual([...new Set(files.map((file) => file.split("/")[0]))].sort(), Object.keys(ARROWS).sort());
  let arrows = 0;
  for (const file of files) {
    const room = file.split("/")[0];
    for (const imported of importsOf(file)) {
      const other = imported.split("/")[0];
      assert.ok(other === room || ARROWS[room].includes(other), `${file} imports ${imported}`);
      arrows++;
    }
  }
  assert.ok(arrows > 100, `only ${arrows} imports were found`);
});

test("no file imports itself on a detour", () => {
  const done = new Set();
  /** @param {string} file @param {string[]} way */
  const visit = (file, way) => {
    assert.ok(!way.includes(file), [...way, file].join(" → "));
    if (done.has(file)) return;
    for (const imported of importsOf(file)) visit(imported, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});
