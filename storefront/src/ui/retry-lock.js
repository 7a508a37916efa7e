/** How long a button stays locked because the answer to its last press asked for a pause. */
export class RetryLock {
  /** @param {{now(): number}} clock */
  constructor(clock) {
    this.clock = clock;
    this.until = 0;
  }

  /** @param {number | null} retryAfterMs as the answer says it; null leaves the button as it is */
  hold(retryAfterMs) {
    if (retryAfterMs !== null) this.until = this.clock.now() + retryAfterMs;
  }

  /** @returns {number} rounded up, so that the button is never free too early */
  get secondsLeft() {
    return Math.max(0, Math.ceil((this.until - this.clock.now()) / 1000));
  }
}
