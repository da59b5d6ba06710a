// A person's answers to a set of questions: kept in this browser, and saved to a file as
// `python -m omr_jax.human merge` reads it.
//
// `questions` is what `python -m omr_jax.human prepare` has written. A session is {session, name,
// answers, place}: an id, by which two files of one session are known as such; the person's name;
// an entry for each question, {id, answer, seconds}, or nothing if it is not answered yet; and the
// place of the question that is shown.

import { downloadJson } from '../common/download.js';

const FORMAT = 1; // Of the file.

const keyOf = (questions) => `omr_jax human ${questions.digest}`;

const here = new Map(); // Sessions of this visit, where the browser keeps nothing.

/** What this browser has kept of an earlier session with the same questions, or a new one. */
export function kept(questions) {
  const fresh = { session: newId(), name: '', answers: [], place: 0 };
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(questions)));
    const { answers, place } = found;
    if (!Array.isArray(answers) || !Number.isInteger(place)) return fresh;
    const inside = Math.max(0, Math.min(place, questions.questions.length));
    return { ...fresh, ...found, place: inside };
  } catch {
    // There is nothing, or not what this page has written, or nothing may be kept.
    return here.get(keyOf(questions)) ?? fresh;
  }
}

/** Keeps a session in this browser; false if the browser does not allow that. */
export function keep(questions, session) {
  here.set(keyOf(questions), session);
  try {
    localStorage.setItem(keyOf(questions), JSON.stringify(session));
    return true;
  } catch {
    return false;
  }
}

/** Saves a session as a download; returns the file's name. */
export function save(questions, { session, name, answers }) {
  const file = `human-${questions.kind}.json`;
  const asked = questions.questions.map(({ id, label, model }) => ({ id, label, model }));
  const { kind, digest, classes } = questions;
  const given = answers.filter(Boolean);
  downloadJson(
    { format: FORMAT, kind, digest, session, name, questions: asked, classes, answers: given },
    file,
  );
  return file;
}

/**
 * Reads a file that was saved, perhaps on another device.
 *
 * @returns {Promise<?object>} The session, at the first question without an answer; null where the
 *   file has no answers to these questions.
 */
export async function open(questions, file) {
  let result;
  try {
    result = JSON.parse(await file.text());
  } catch {
    return null;
  }
  if (result?.digest !== questions.digest || !Array.isArray(result.answers)) return null;
  if (!result.answers.every((each) => questions.classes.includes(each?.answer))) return null;
  const given = new Map(result.answers.map((each) => [each.id, each]));
  const answers = questions.questions.map(({ id }) => given.get(id) ?? null);
  const first = answers.findIndex((each) => !each);
  const place = first < 0 ? answers.length : first;
  return { session: result.session ?? newId(), name: result.name ?? '', answers, place };
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
