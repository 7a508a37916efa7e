import { pollPauseMs } from "./backoff.js";

/**
 * Calls `step` again and again while the page is visible, and at once when the shopper comes back to it.
 * One step is under way at most.
 */
export class Poller {
  /**
   * @param {() => Promise<{failed: boolean, pauseMs: number | null}>} step pauseMs null: nothing more will change
   */
  constructor(step) {
    this.step = step;
    this.failures = 0;
    this.running = false;
    this.finished = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(this.timer) : this.now()));
    for (const event of ["focus", "online", "pageshow"]) window.addEventListener(event, () => this.now());
    return this.now();
  }

  async now() {
    if (this.running || this.finished || document.hidden) return;
    this.running = true;
    clearTimeout(this.timer);
    const { failed, pauseMs } = await this.step().catch((error) => {
      // An answer we cannot make sense of must not be the last one we ask for.
      console.error(error);
      return { failed: true, pauseMs: 1000 };
    });
    this.running = false;
    this.failures = failed ? this.failures + 1 : 0;
    this.finished = pauseMs === null;
    if (pauseMs === null || document.hidden) return;
    this.timer = setTimeout(() => this.now(), pollPauseMs(this.failures, pauseMs, Math.random));
  }
}
