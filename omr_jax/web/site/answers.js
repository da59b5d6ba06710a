// A person's answers to a set of questions: kept in this browser, and saved to a file as
// `python -m omr_jax.human merge` reads it.
//
// `questions` is what `python -m omr_jax.human prepare` has written. Answers are a list with an
// entry for each question: {id, answer, seconds}, or nothing if it is not answered yet.

const FORMAT = 1; // Of the file.

const keyOf = (questions) => `omr_jax human ${questions.digest}`;

/** What this browser has kept of an earlier session with the same questions. */
export function kept(questions) {
  try {
    const { answers, place } = JSON.parse(localStorage.getItem(keyOf(questions)));
    if (Array.isArray(answers) && Number.isInteger(place)) return { answers, place };
  } catch {
    // There is nothing, or not what this page has written.
  }
  return { answers: [], place: 0 };
}

/** Keeps the answers, and the place of the question that is shown, in this browser. */
export function keep(questions, answers, place) {
  localStorage.setItem(keyOf(questions), JSON.stringify({ answers, place }));
}

/** Saves the answers of the person with this name as a download; returns the file's name. */
export function save(questions, answers, name) {
  const result = {
    format: FORMAT,
    kind: questions.kind,
    digest: questions.digest,
    name,
    questions: questions.questions.map(({ id, label, model }) => ({ id, label, model })),
    classes: questions.classes,
    answers: answers.filter(Boolean),
  };
  const content = new Blob([JSON.stringify(result, null, 1)], { type: 'application/json' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = `human-${questions.kind}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
  return link.download;
}

/**
 * Reads a file that was saved, perhaps on another device.
 *
 * @returns {Promise<?{answers: object[], name: string}>} null where the file has no answers to
 *   these questions.
 */
export async function open(questions, file) {
  let result;
  try {
    result = JSON.parse(await file.text());
  } catch {
    return null;
  }
  if (result?.digest !== questions.digest || !Array.isArray(result.answers)) return null;
  const given = new Map(result.answers.map((each) => [each.id, each]));
  const answers = questions.questions.map(({ id }) => given.get(id) ?? null);
  return { answers, name: result.name ?? '' };
}
