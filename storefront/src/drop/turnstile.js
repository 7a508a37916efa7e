const SCRIPT = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";
// A challenge that needs the shopper's hand is shown; one that hangs must not hold the purchase for ever.
const WAIT_MS = 60_000;

/**
 * The bot check, only where the shop has configured one: without a site key no other host is asked for anything.
 */
export class Turnstile {
  /** @param {HTMLElement} container */
  constructor(container) {
    this.container = container;
    /** @type {Promise<any> | null} */
    this.ready = null;
    this.siteKey = "";
  }

  /** @param {string | null} siteKey */
  start(siteKey) {
    if (siteKey === null || this.ready !== null) return;
    this.siteKey = siteKey;
    this.ready = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = SCRIPT;
      script.onload = () => resolve(/** @type {any} */ (window).turnstile);
      script.onerror = () => reject(new Error("turnstile did not load"));
      document.head.append(script);
    });
    this.ready.catch(() => {});
  }

  /** @returns {Promise<string | undefined>} undefined: none configured, or not to be had; the server then decides */
  async token() {
    if (this.ready === null) return undefined;
    try {
      const turnstile = await this.ready;
      this.container.replaceChildren();
      return await new Promise((resolve) => {
        setTimeout(() => resolve(undefined), WAIT_MS);
        turnstile.render(this.container, {
          sitekey: this.siteKey,
          appearance: "interaction-only",
          callback: resolve,
          "error-callback": () => resolve(undefined),
        });
      });
    } catch {
      return undefined;
    }
  }
}
