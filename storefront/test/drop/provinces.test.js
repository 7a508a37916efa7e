import assert from "node:assert/strict";
import { test } from "node:test";
import provinces from "../../../crates/edge-protocol/data/provinces.json" with { type: "json" };
import { allPlaces, findPlaces, placeNamed, placeOf } from "../../src/drop/provinces.js";

/** @param {string} text @returns {string | undefined} */
const first = (text) => {
  const place = findPlaces(text)[0];
  return place && `${place.code} ${place.name}${place.formerly === null ? "" : ` < ${place.formerly}`}`;
};

test("there are 34 provinces, each with its own ISO code", () => {
  assert.equal(allPlaces().length, 34);
  assert.equal(new Set(allPlaces().map(({ code }) => code)).size, 34);
  assert.equal(new Set(allPlaces().map(({ name }) => name)).size, 34);
  for (const { code } of allPlaces()) assert.match(code, /^VN-(\d\d|[A-Z]{2})$/);
});

test("a province is found by the name of today or of before, with accents or without", () => {
  for (const [text, found] of [
    ["Bình Dương", "VN-SG TP. Hồ Chí Minh < Bình Dương"],
    ["binh duong", "VN-SG TP. Hồ Chí Minh < Bình Dương"],
    ["BINHDUONG", "VN-SG TP. Hồ Chí Minh < Bình Dương"],
    ["Bi\u0300nh Du\u031bo\u031bng", "VN-SG TP. Hồ Chí Minh < Bình Dương"],
    ["Hà Tây", "VN-HN Hà Nội < Hà Tây"],
    ["Ba Ria", "VN-SG TP. Hồ Chí Minh < Bà Rịa - Vũng Tàu"],
    ["vung tau", "VN-SG TP. Hồ Chí Minh < Bà Rịa - Vũng Tàu"],
    ["Bà Rịa-Vũng Tàu", "VN-SG TP. Hồ Chí Minh < Bà Rịa - Vũng Tàu"],
    ["sài gòn", "VN-SG TP. Hồ Chí Minh"],
    ["tphcm", "VN-SG TP. Hồ Chí Minh"],
    ["Thành phố Hồ Chí Minh", "VN-SG TP. Hồ Chí Minh"],
    ["Ho Chi Minh City", "VN-SG TP. Hồ Chí Minh"],
    ["hanoi", "VN-HN Hà Nội"],
    ["Thừa Thiên", "VN-26 Huế"],
    ["đăk lăk", "VN-33 Đắk Lắk"],
    ["dak nong", "VN-35 Lâm Đồng < Đắk Nông"],
    ["tỉnh Quảng Nam", "VN-DN Đà Nẵng < Quảng Nam"],
    ["Quảng Bình", "VN-25 Quảng Trị < Quảng Bình"],
    ["x", undefined],
    ["atlantis", undefined],
  ]) {
    assert.equal(first(String(text)), found, text);
  }
});

test("each province of before is found by its own name first", () => {
  const before = provinces.flatMap(({ code, former }) => former.map((old) => ({ code, name: old.name })));
  assert.equal(before.length, 63 - 34 + 1);
  for (const { code, name } of [...before, ...allPlaces()]) assert.equal(findPlaces(name)[0].code, code, name);
});

test("with nothing typed all of today are offered", () => {
  assert.deepEqual(findPlaces(" "), allPlaces());
});

test("a name that is whole or fits one place needs no choosing, and no other is guessed", () => {
  assert.equal(placeNamed("Bình Dương")?.code, "VN-SG");
  assert.equal(placeNamed("ba ria")?.code, "VN-SG");
  for (const text of ["", "Bình", "Quảng", "nowhere"]) assert.equal(placeNamed(text), null, text);
});

test("a kept code finds its name, and one that never was finds none", () => {
  assert.equal(placeOf("VN-SG")?.name, "TP. Hồ Chí Minh");
  assert.equal(placeOf("ZZ"), null);
});
