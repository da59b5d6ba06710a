// The classes of MUSCIMA++ as people say them, and where on a staff a symbol is, in words.

const NAMES = {
  noteheadFull: 'Black notehead',
  noteheadFullSmall: 'Small black notehead',
  noteheadHalf: 'White notehead',
  noteheadHalfSmall: 'Small white notehead',
  noteheadWhole: 'Whole note',
  legerLine: 'Ledger line',
  augmentationDot: 'Dot of length',
  barline: 'Bar line',
  barlineHeavy: 'Thick bar line',
  measureSeparator: 'End of a measure',
  staffGrouping: 'Start of a system',
  systemSeparator: 'System divider',
  articulationStaccato: 'Staccato dot',
  dynamicCrescendoHairpin: 'Crescendo',
  dynamicDiminuendoHairpin: 'Diminuendo',
  dynamicsText: 'Dynamics in words',
  graceNoteAcciaccatura: 'Slash of a grace note',
  horizontalSpanner: 'Long line',
  dottedHorizontalSpanner: 'Dotted long line',
  multiMeasureRest: 'Rest of several measures',
  multipleNoteTremolo: 'Tremolo of two notes',
  singleNoteTremolo: 'Tremolo',
  repeat1Bar: 'Repeat of one measure',
  timeSigCommon: 'Common time',
  timeSigCutCommon: 'Cut time',
  tuple: 'Number of a tuplet',
  tupleBracket: 'Bracket of a tuplet',
  unclassified: 'Unknown sign',
  volta: 'Volta bracket',
  wiggleTrill: 'Wavy line of a trill',
  otherNumericSign: 'Number',
  barNumber: 'Number of a bar',
  characterDot: 'Full stop',
  characterOther: 'Other character',
  lyricsText: 'Words to sing',
  tempoText: 'Tempo in words',
  otherText: 'Text',
  ornamentTrill: 'Trill',
};
// Beginnings of names, and how the rest of the name is said.
const RULES = [
  [/^accidental(.*)$/, (rest) => words(rest)],
  [/^articulation(.*)$/, (rest) => words(rest)],
  [/^characterCapital(.)$/, (rest) => `Letter ${rest}`],
  [/^characterSmall(.)$/, (rest) => `Letter ${rest.toLowerCase()}`],
  [/^dynamicLetter(.)$/, (rest) => `Dynamic ${rest.toLowerCase()}`],
  [/^numeral(.)$/, (rest) => `Digit ${rest}`],
  [/^(.)Clef$/, (rest) => `${rest.toUpperCase()} clef`],
  [/^rest(.*)$/, (rest) => `${words(rest)} rest`],
  [/^flag(\w+?)(?:Up|Down)$/, (rest) => `Flag of ${/^8/.test(rest) ? 'an' : 'a'} ${rest} note`],
  [/^fermata/, () => 'Fermata'],
];

/** A class as people say it: 'Black notehead', 'Quarter rest', 'Sharp'. */
export function said(label) {
  if (label in NAMES) return NAMES[label];
  for (const [pattern, say] of RULES) {
    const found = pattern.exec(label);
    if (found) return say(found[1]);
  }
  return words(label);
}

/** 'tupleBracket' as 'Tuple bracket'. */
function words(name) {
  const spaced = name.replace(/([a-z])(?=[A-Z])/g, '$1 ').toLowerCase();
  return spaced[0].toUpperCase() + spaced.slice(1);
}

/**
 * Where on a staff something is, in words.
 *
 * @param {number} position Half staff spaces from the middle line, upwards positive.
 */
export function placed(position) {
  const lines = ['lowest line', 'second line', 'middle line', 'fourth line', 'upper line'];
  const line = position / 2 + 2;
  if (Number.isInteger(line) && lines[line]) return `on the ${lines[line]}`;
  if (position > -4 && position < 4) {
    return `in the ${['first', 'second', 'third', 'fourth'][Math.floor(line)]} space from below`;
  }
  const beyond = Math.abs(position) - 4;
  const side = position > 0 ? 'above' : 'below';
  if (beyond === 1) return `just ${side} the staff`;
  const count = Math.floor(beyond / 2);
  const ledger = `the ${ordinal(count)} ledger line ${side} the staff`;
  return beyond % 2 ? `beyond ${ledger}` : `on ${ledger}`;
}

function ordinal(count) {
  return ['first', 'second', 'third'][count - 1] ?? `${count}th`;
}
