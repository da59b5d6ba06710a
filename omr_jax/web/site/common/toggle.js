// Buttons that stay pressed.

/** Each click presses a button or releases it; a function is told whether it is pressed now. */
export function onToggle(button, use) {
  button.addEventListener('click', () => {
    const on = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(on));
    use(on);
  });
}
