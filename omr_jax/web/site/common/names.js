// The classes of symbols as people say them, and other words for them that people may type.

const NUMBERS = { 'Thirty-Two': '32nd', 'Sixty-Four': '64th' };
const OTHER_WORDS = {
  'G-Clef': ['treble clef', 'violin clef', 'g clef'],
  'F-Clef': ['bass clef', 'f clef'],
  'C-Clef': ['alto clef', 'tenor clef', 'c clef'],
  'Common-Time': ['c', 'common time'],
  'Cut-Time': ['alla breve', 'cut time'],
  'Whole-Note': ['semibreve'],
  'Half-Note': ['minim', '1/2'],
  'Quarter-Note': ['crotchet', '1/4'],
  'Eighth-Note': ['quaver', '8', '8th', '1/8'],
  'Sixteenth-Note': ['semiquaver', '16', '16th', '1/16'],
  'Thirty-Two-Note': ['demisemiquaver', '32', 'thirty-second note', '1/32'],
  'Sixty-Four-Note': ['hemidemisemiquaver', '64', 'sixty-fourth note', '1/64'],
  'Whole-Half-Rest': ['whole rest', 'half rest', 'semibreve rest', 'minim rest'],
  'Quarter-Rest': ['crotchet rest', '1/4 rest'],
  'Eighth-Rest': ['quaver rest', '8 rest', '8th rest', '1/8 rest'],
  'Sixteenth-Rest': ['semiquaver rest', '16 rest', '16th rest', '1/16 rest'],
  'Thirty-Two-Rest': ['demisemiquaver rest', '32 rest', 'thirty-second rest'],
  'Sixty-Four-Rest': ['hemidemisemiquaver rest', '64 rest', 'sixty-fourth rest'],
  Barline: ['bar line'],
  Sharp: ['#'],
  'Double-Sharp': ['x', '##'],
  Flat: ['b'],
};

/** A class as people say it: '3/4 time', '32nd note', 'G clef'. */
export function spoken(name) {
  const time = /^(\d+)-(\d+)-Time$/.exec(name);
  if (time) return `${time[1]}/${time[2]} time`;
  if (name === 'Whole-Half-Rest') return 'Whole or half rest';
  const said = Object.entries(NUMBERS).reduce((all, [long, short]) => all.replace(long, short), name);
  const [first, ...others] = said.split('-');
  return [first, ...others.map((each) => each.toLowerCase())].join(' ');
}

/**
 * The classes that fit what somebody types, the best one first: the same word, then words that
 * begin so, then words that contain it.
 *
 * @param {string[]} classes
 * @param {string} typed
 * @returns {string[]} All classes if nothing is typed.
 */
export function fitting(classes, typed) {
  const wanted = plain(typed);
  const ranked = classes.map((name) => ({ name, rank: Math.min(...ranks(name, wanted)) }));
  const found = ranked.filter(({ rank }) => rank < Infinity);
  return found.sort((a, b) => a.rank - b.rank).map(({ name }) => name);
}

function ranks(name, wanted) {
  const rank = (word) => {
    if (!wanted || word === wanted) return 0;
    // Of two words that begin alike the shorter one is nearer.
    if (word.startsWith(wanted)) return 1 + word.length / 1000;
    return word.includes(wanted) ? 3 + word.length / 1000 : Infinity;
  };
  const others = (OTHER_WORDS[name] ?? []).map((word) => rank(plain(word)));
  // Where the beginnings of a name and of another word fit, the name is meant.
  return [...[name, spoken(name)].map((word) => rank(plain(word))), ...others.map((n) => n && n + 1)];
}

function plain(text) {
  return text.toLowerCase().replace(/[^a-z0-9#/]/g, '');
}
