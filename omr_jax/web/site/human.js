// The paper's human baseline: what people answer to the pictures that the network was tested on.
//
// The pictures are made on the user's machine by `python -m omr_jax.human prepare`; nothing of them
// comes with the site.

const KINDS = { symbols: 'symbols.json', scores: 'scores.json' };

export function start(root) {
  const find = (id) => root.querySelector(`#${id}`);
  const [setup, session, words] = ['setup', 'session', 'humanwords'].map(find);
  const [picture, field, options, progress] = ['question', 'typed', 'options', 'progress'].map(find);
  let exam = null;
  let answers = []; // {id, answer, seconds} by place
  let place = 0;
  let shownAt = 0;

  const key = () => `omr_jax human ${exam.digest}`;
  /** What was answered here before, where that can be read. */
  function kept() {
    try {
      const { answers, place } = JSON.parse(localStorage.getItem(key()));
      if (Array.isArray(answers) && Number.isInteger(place)) return { answers, place };
    } catch {
      // Nothing, or nothing of ours.
    }
    return { answers: [], place: 0 };
  }

  const keep = () => localStorage.setItem(key(), JSON.stringify({ answers, place }));

  async function begin(kind) {
    words.textContent = '';
    try {
      const found = await fetch(new URL(`./human/${KINDS[kind]}`, import.meta.url));
      if (!found.ok) throw new Error();
      exam = await found.json();
    } catch {
      words.textContent =
        `There are no questions yet. Make them from your own copy of the data: ` +
        `python -m omr_jax.human prepare ${kind}`;
      return;
    }
    ({ answers, place } = kept());
    setup.hidden = true;
    session.hidden = false;
    find('cheat').hidden = exam.kind !== 'symbols';
    find('keys').textContent =
      exam.kind === 'symbols'
        ? 'Type a part of the name; Enter takes the first that fits. Alt and ← goes back.'
        : 'S: scores. O: other. Alt and ← goes back.';
    field.closest('label').hidden = exam.kind !== 'symbols';
    show();
  }

  function show() {
    place = Math.max(0, Math.min(place, exam.questions.length));
    const done = answers.filter(Boolean).length;
    progress.max = exam.questions.length;
    progress.value = done;
    find('count').textContent = `${done} of ${exam.questions.length}`;
    const over = place === exam.questions.length;
    picture.hidden = over;
    field.value = '';
    if (over) {
      words.textContent = 'That was the last one. Save your result.';
    } else {
      words.textContent = '';
      picture.src = exam.questions[place].picture;
      picture.alt = `Picture ${place + 1} of ${exam.questions.length}`;
    }
    find('back').disabled = place === 0;
    find('next').disabled = over || !answers[place];
    filter();
    shownAt = performance.now();
    (exam.kind === 'symbols' ? field : session).focus();
  }

  /** The classes that fit what is typed; the one given before is marked. */
  function filter() {
    const typed = plain(field.value);
    const over = place === exam.questions.length;
    const fitting = over ? [] : exam.classes.filter((name) => plain(name).includes(typed));
    fitting.sort((a, b) => plain(b).startsWith(typed) - plain(a).startsWith(typed));
    options.replaceChildren(...fitting.map(option));
  }

  function option(name) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = name.replaceAll('-', ' ');
    button.dataset.name = name;
    button.setAttribute('aria-pressed', String(answers[place]?.answer === name));
    if (exam.cheat?.[name]) {
      const sample = document.createElement('img');
      sample.src = exam.cheat[name];
      sample.alt = '';
      button.prepend(sample);
    }
    button.addEventListener('click', () => give(name));
    return button;
  }

  function give(name) {
    const seconds = Math.round((performance.now() - shownAt) / 100) / 10;
    answers[place] = { id: exam.questions[place].id, answer: name, seconds };
    place += 1;
    keep();
    show();
  }

  function move(by) {
    place += by;
    keep();
    show();
  }

  function save() {
    const result = {
      format: 1,
      kind: exam.kind,
      digest: exam.digest,
      name: find('name').value,
      questions: exam.questions.map(({ id, label, model }) => ({ id, label, model })),
      classes: exam.classes,
      answers: answers.filter(Boolean),
    };
    const link = document.createElement('a');
    link.href = URL.createObjectURL(
      new Blob([JSON.stringify(result, null, 1)], { type: 'application/json' }),
    );
    link.download = `human-${exam.kind}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
    words.textContent = `Saved as ${link.download}. You can go on at any time.`;
  }

  /** Goes on with a result that was saved, perhaps on another device. */
  async function open(file) {
    let found;
    try {
      found = JSON.parse(await file.text());
    } catch {
      found = null;
    }
    if (!exam || found?.digest !== exam.digest || !Array.isArray(found.answers)) {
      words.textContent = `${file.name}: no result of these questions.`;
      return;
    }
    const given = new Map(found.answers.map((each) => [each.id, each]));
    answers = exam.questions.map(({ id }) => given.get(id) ?? null);
    place = answers.findIndex((each) => !each);
    if (place < 0) place = exam.questions.length;
    find('name').value = found.name ?? '';
    keep();
    show();
  }

  for (const kind of Object.keys(KINDS)) {
    find(`begin-${kind}`).addEventListener('click', () => begin(kind));
  }
  field.addEventListener('input', filter);
  session.addEventListener('keydown', (event) => {
    if (event.altKey && event.key === 'ArrowLeft') {
      event.preventDefault();
      if (place > 0) move(-1);
    } else if (event.target === field && event.key === 'Enter') {
      event.preventDefault();
      if (plain(field.value) && options.firstChild) give(options.firstChild.dataset.name);
    } else if (exam.kind === 'scores' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const typing = event.target.matches('input');
      const name = { s: 'scores', o: 'other' }[event.key.toLowerCase()];
      if (name && !typing && place < exam.questions.length) give(name);
    }
  });
  find('back').addEventListener('click', () => move(-1));
  find('next').addEventListener('click', () => move(1));
  find('save').addEventListener('click', save);
  find('load').addEventListener('change', (event) => {
    const [file] = event.target.files;
    if (file) open(file);
    event.target.value = '';
  });
  find('end').addEventListener('click', () => {
    session.hidden = true;
    setup.hidden = false;
    words.textContent = 'Your answers are kept in this browser.';
  });
  return {};
}

function plain(name) {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
