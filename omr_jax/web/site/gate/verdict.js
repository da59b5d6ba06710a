// The answer in words, and where it lies between “not music” and “music”.

const SETTLED = 700; // Milliseconds after which an answer of the camera is read out.

/** The answer as people say it. */
export function inWords({ label, confidence, sure }) {
  const share = `${(100 * confidence).toFixed(0)} %`;
  if (!sure) return `Not sure: rather ${label === 'scores' ? 'music' : 'not music'}, ${share}`;
  return `${label === 'scores' ? 'Music' : 'Not music'}, ${share}`;
}

/**
 * Shows answers in an element with the parts `.answer`, `.two` (the bar) and `.spoken`.
 *
 * @param {HTMLElement} element
 * @returns {{show: function(object), clear: function()}} `show` takes what `classify` returns.
 */
export function verdictIn(element) {
  const [words, bar, spoken] = ['.answer', '.two', '.spoken'].map((each) =>
    element.querySelector(each),
  );
  let waiting = null; // What is going to be read out.
  let timer = 0;

  function speak(text) {
    if (text === waiting) return;
    clearTimeout(timer);
    waiting = text;
    timer = setTimeout(() => {
      spoken.textContent = text;
    }, SETTLED);
  }

  return {
    show(answer) {
      const { label, confidence, sure } = answer;
      const text = inWords(answer);
      if (words.textContent !== text) words.textContent = text;
      element.dataset.label = sure ? label : 'unsure';
      element.dataset.class = label;
      bar.style.setProperty('--share', label === 'scores' ? confidence : 1 - confidence);
      speak(text.split(/[,:]/)[0]);
      element.hidden = false;
    },
    clear() {
      clearTimeout(timer);
      waiting = null;
      words.textContent = spoken.textContent = '';
      delete element.dataset.label;
      element.hidden = true;
    },
    /** The limits between which an answer is “not sure”, as `sure` of model.json has it. */
    limit(sure) {
      bar.style.setProperty('--sure', sure);
    },
  };
}
