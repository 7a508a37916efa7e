// 100,000 purchases of a drop that has nothing left. The first iterations take what there is, so that a small drop
// shows both; every later answer has to be a refusal.
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
    // More would be an oversold drop.
    orders_placed: [`count<=${Number(__ENV.UNITS || 300)}`],
  },
};

export default function () {
  const { body, params } = purchase();
  const answer = http.post(`${ORIGIN}/purchase`, body, params);
  placed.add(answer.status === 201 ? 1 : 0);
  const refused = answer.status === 409 && ["sold_out", "held_out"].includes(answer.json("code"));
  check(answer, { "is bought or refused": () => answer.status === 201 || refused });
}
