import { chooseLanguage, language, onLanguage, speak, t } from "../i18n/index.js";
import { byTestId } from "./dom.js";
import { load, save } from "./storage.js";

/** Speaks the shopper's language and follows the language buttons. Called before anything else writes on the page. */
export function startLanguage() {
  onLanguage(translatePage);
  speak(chooseLanguage(load("local", "language"), navigator.languages ?? [navigator.language]));
  for (const button of buttons()) {
    button.addEventListener("click", () => {
      const next = button.dataset.language === "en" ? "en" : "vi";
      save("local", "language", next);
      speak(next);
    });
  }
}

/** Texts that stand in the HTML: `data-i18n` for content, `data-i18n-label` and `-placeholder` for attributes. */
function translatePage() {
  document.documentElement.lang = language();
  for (const element of document.querySelectorAll("[data-i18n]")) {
    element.textContent = t(element.getAttribute("data-i18n") ?? "");
  }
  for (const [data, attribute] of [["data-i18n-label", "aria-label"], ["data-i18n-placeholder", "placeholder"]]) {
    for (const element of document.querySelectorAll(`[${data}]`)) {
      element.setAttribute(attribute, t(element.getAttribute(data) ?? ""));
    }
  }
  for (const button of buttons()) button.setAttribute("aria-pressed", String(button.dataset.language === language()));
}

function buttons() {
  return byTestId("language").querySelectorAll("button");
}
