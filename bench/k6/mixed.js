// 8,500 reads of the snapshot and 500 purchases a second at given times, whatever the origin does.
import http from "k6/http";
import { check } from "k6";

import { ORIGIN, purchase, readParams } from "./dropgate.js";

const duration = __ENV.DURATION || "30s";
const arrivals = (rate, exec) => ({
  executor: "constant-arrival-rate",
  rate,
  duration,
  exec,
  preAllocatedVUs: 256,
  maxVUs: 2048,
});

export const options = {
  scenarios: {
    status: arrivals(Number(__ENV.STATUS || 8500), "status"),
    purchases: arrivals(Number(__ENV.PURCHASES || 500), "buy"),
  },
  thresholds: {
    checks: ["rate==1"],
    dropped_iterations: ["count==0"],
    http_req_duration: ["p(50)<1", "p(99)<5", "p(99.9)<15"],
  },
};

export function status() {
  check(http.get(`${ORIGIN}/snapshot`, readParams()), { "is 200": (response) => response.status === 200 });
}

export function buy() {
  const { body, params } = purchase();
  check(http.post(`${ORIGIN}/purchase`, body, params), { "is 201": (response) => response.status === 201 });
}
