// Reads of the published snapshot, as fast as the virtual users can send them.
import http from "k6/http";
import { check } from "k6";

import { ORIGIN, readParams } from "./dropgate.js";

export const options = {
  scenarios: { status: { executor: "constant-vus", vus: 128, duration: __ENV.DURATION || "30s" } },
  thresholds: { checks: ["rate==1"] },
};

export default function () {
  check(http.get(`${ORIGIN}/snapshot`, readParams()), { "is 200": (response) => response.status === 200 });
}
