// 100,000 purchases of a drop that sells out: the first iterations buy its units, and the origin must refuse every later
// purchase.
import http from "k6/http";
import { check } from "k6";
import { Counter } from "k6/metrics";

import { ORIGIN, purchase } from "./dropgate.js";

const placed = new Counter("orders_placed");

export const options = {
  scenarios: {
    soldout: { executor: "shared-iterations", vus: 128, iterations: Number(__ENV.PURCHASES || 100000), maxDuration: "5m" },
  },
  thresholds: {
    checks: ["rate==1"],
    // A higher count means an oversold drop.
    orders_placed: [`count<=${Number(__ENV.UNITS || 300)}`],
  },
};

export default function () {
  const { body, params } = purchase();
  const response = http.post(`${ORIGIN}/purchase`, body, params);
  placed.add(response.status === 201 ? 1 : 0);
  const refused = response.status === 409 && ["sold_out", "held_out"].includes(response.json("code"));
  check(response, { "is bought or refused": () => response.status === 201 || refused });
}
