/**
 * The server's time, worked out from the answers of the server. A shopper's own clock may be minutes off,
 * and a drop is sold out in seconds, so nothing on the pages reads the device clock.
 *
 * An answer bounds the offset between the server's clock and the local monotonic one: the server wrote its time
 * after we sent and before we received. What agreeing answers have in common is kept, so the bound only gets
 * better, and its midpoint is used.
 */

/** @typedef {{low: number, high: number, agreedAt: number}} Bound offsets in ms; agreedAt in local ms */

// How long answers are disbelieved that would set the clock back: a cache may repeat an old time for a while.
const DISBELIEF_MS = 60_000;

export class ServerClock {
  /** @param {() => number} [local] monotonic milliseconds */
  constructor(local = () => performance.now()) {
    this.local = local;
    /** @type {Bound | null} */
    this.bound = null;
  }

  /**
   * @param {number} sentAt local ms before the request
   * @param {number} receivedAt local ms after the answer's head
   * @param {number} serverMs `dropgate-time` of the answer
   * @param {number} [ageSeconds] `age` of an answer that came from a cache: it is that old, up to a second more
   */
  observe(sentAt, receivedAt, serverMs, ageSeconds) {
    const cachedMs = ageSeconds === undefined ? 0 : ageSeconds * 1000;
    const slackMs = ageSeconds === undefined ? 0 : 1000;
    const low = serverMs + cachedMs - receivedAt;
    const high = serverMs + cachedMs + slackMs - sentAt;
    this.bound = narrowed(this.bound, { low, high, agreedAt: receivedAt });
  }

  /** @returns {boolean} whether any answer has told the time yet */
  get known() {
    return this.bound !== null;
  }

  /** @returns {number} server unix ms; the device's own guess until the first answer */
  now() {
    if (this.bound === null) return Date.now();
    return Math.round(this.local() + (this.bound.low + this.bound.high) / 2);
  }
}

/**
 * @param {Bound | null} bound
 * @param {Bound} sample
 * @returns {Bound}
 */
function narrowed(bound, sample) {
  if (bound === null) return sample;
  // The server is surely later than we believed: our clock stood still, as in a sleeping phone.
  if (sample.low > bound.high) return sample;
  if (sample.high < bound.low) return sample.agreedAt - bound.agreedAt > DISBELIEF_MS ? sample : bound;
  return {
    low: Math.max(bound.low, sample.low),
    high: Math.min(bound.high, sample.high),
    agreedAt: sample.agreedAt,
  };
}
