import { formatVnd } from "../i18n/money.js";
import { byTestId, setText } from "../ui/dom.js";

/** On a phone the buy button may be below the fold; this bar leads to the first thing still to be done. */
export class JumpBar {
  /** @param {import("./buy-form.js").BuyForm} form */
  constructor(form) {
    this.buttonVisible = true;
    this.bar = byTestId("jump-bar");
    byTestId("jump").addEventListener("click", () => {
      const target = form.fields.firstIncomplete() ?? byTestId("submit");
      target.scrollIntoView({ block: "center" });
      target.focus({ preventScroll: true });
    });
    if (!("IntersectionObserver" in window)) return;
    new IntersectionObserver(([entry]) => {
      this.buttonVisible = entry.isIntersecting;
    }).observe(byTestId("buy-form"));
  }

  /**
   * @param {import("../net/types.js").Drop} drop
   * @param {import("./rules.js").Phase} phase
   */
  update(drop, phase) {
    this.bar.hidden = this.buttonVisible || phase !== "open";
    setText(byTestId("jump-price"), formatVnd(drop.price));
    setText(byTestId("jump-stock"), byTestId("stock").textContent ?? "");
  }
}
