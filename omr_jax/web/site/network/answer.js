// What the probability of a network with two classes means for people.

const CLOSEST = 1e-12; // Probabilities nearer to 0 or 1 are rounded ones.

/**
 * The answer of a network with a threshold. It has two classes, and the second one is the answer if
 * its probability reaches the threshold.
 *
 * @param {object} about Content of model.json.
 * @param {ArrayLike<number>} probabilities One for each class.
 * @returns {{label: string, confidence: number, sure: boolean}} The class; its calibrated
 *   probability, one half at the threshold and more the farther from it; and whether that is high
 *   enough to show the class to people.
 */
export function answer(about, probabilities) {
  const label = about.classes[Number(probabilities[1] >= about.threshold)];
  const distance = Math.abs(logOdds(probabilities[1]) - logOdds(about.threshold));
  const confidence = sigmoid(distance);
  return { label, confidence, sure: confidence >= (about.sure ?? 0) };
}

/**
 * How probable the second class is, one half at the threshold, for each view of a picture.
 *
 * @param {object} about Content of model.json.
 * @param {ArrayLike<number>} logOddsOfViews From the network.
 * @returns {number[]}
 */
export function shares(about, logOddsOfViews) {
  return Array.from(logOddsOfViews, (each) => sigmoid(each - logOdds(about.threshold)));
}

/** ln(p / (1 - p)) of a probability, finite. */
export function logOdds(probability) {
  const inside = Math.min(Math.max(probability, CLOSEST), 1 - CLOSEST);
  return Math.log(inside / (1 - inside));
}

/** 1 / (1 + e^-x): the probability with these log-odds. */
export function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}
