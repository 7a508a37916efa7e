let pressed = false;
for (const type of ["pointerdown", "pointerup", "pointercancel"]) {
  document.addEventListener(type, () => (pressed = type === "pointerdown"), true);
}

/**
 * Leaving a field is often the press of the button below it. A message that appears during the press moves the
 * button away from under the finger and the press is lost, so messages wait until it is over.
 * @param {() => void} act
 */
export function afterPress(act) {
  setTimeout(() => (pressed ? afterPress(act) : act()), 150);
}
