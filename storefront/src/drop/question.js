import { onLanguage, t } from "../i18n/index.js";
import { byTestId, setText } from "../ui/dom.js";

/** "Do you mean …?" below a field, for what a shopper probably mistyped. Pressing on without an answer is one too. */
export class Question {
  /**
   * @param {"phone" | "email"} field
   * @param {(text: string) => string | null} meantBy
   * @param {(text: string) => void} use takes what was meant in the place of what was typed
   */
  constructor(field, meantBy, use) {
    this.field = field;
    this.meantBy = meantBy;
    /** @type {string | null} */
    this.meant = null;
    /** what the shopper was asked about last */
    this.asked = "";
    /** what the shopper said to keep */
    this.kept = "";
    byTestId(`${field}-use`).addEventListener("click", () => use(this.meant ?? this.asked));
    byTestId(`${field}-keep`).addEventListener("click", () => {
      this.kept = this.asked;
      use(this.asked);
    });
    onLanguage(() => this.#show());
  }

  /**
   * Asks about a text, or stops asking.
   * @param {string} text
   * @param {boolean} mayBeKept whether the text is taken as it is when the shopper insists
   * @returns {boolean} whether this is the first the shopper hears of it
   */
  ask(text, mayBeKept) {
    this.meant = text === this.kept ? null : this.meantBy(text);
    const isNew = this.meant !== null && this.asked !== text;
    this.asked = text;
    byTestId(`${this.field}-keep`).hidden = !mayBeKept;
    this.#show();
    return isNew;
  }

  #show() {
    byTestId(`${this.field}-meant`).hidden = this.meant === null;
    if (this.meant === null) return;
    setText(byTestId(`${this.field}-question`), t("field.meant", { text: this.meant }));
    setText(byTestId(`${this.field}-use`), t("field.use", { text: this.meant }));
    setText(byTestId(`${this.field}-keep`), t("field.keep"));
  }
}
