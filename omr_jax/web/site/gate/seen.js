// What the network sees: the whole picture and its parts, each with how probable music is there.

/**
 * @param {HTMLElement} element Where they are shown.
 * @param {object} answer What `classify` returns, with `views` and `shares`.
 * @param {{width: number, height: number}} layout `picture` of model.json.
 * @param {number} width Width of the picture in pixels; parts are shown in its proportions.
 * @param {number} height Height of the picture in pixels.
 */
export function showSeen(element, { views, shares, places }, { width, height }, ...whole) {
  const boxes = [[0, 0, ...whole], ...places];
  const size = width * height;
  const columns = new Set(places.map(([left]) => left)).size;
  const shown = boxes.map((box, i) => {
    const proportion = (box[2] - box[0]) / (box[3] - box[1]);
    return one(views.subarray(i * size, (i + 1) * size), width, proportion, shares?.[i]);
  });
  const parts = document.createElement('div');
  parts.className = 'parts';
  parts.style.setProperty('--columns', columns);
  parts.append(...shown.slice(1));
  element.replaceChildren(shown[0], parts);
}

function one(grey, width, proportion, share) {
  const figure = document.createElement('figure');
  const canvas = document.createElement('canvas');
  const caption = document.createElement('figcaption');
  [canvas.width, canvas.height] = [width, grey.length / width];
  const pixels = new ImageData(canvas.width, canvas.height);
  const { data } = pixels;
  for (let i = 0, j = 0; i < grey.length; i += 1, j += 4) {
    data[j] = data[j + 1] = data[j + 2] = grey[i];
    data[j + 3] = 255;
  }
  canvas.getContext('2d').putImageData(pixels, 0, 0);
  canvas.style.aspectRatio = proportion;
  figure.append(canvas);
  if (share !== undefined) {
    caption.textContent = `${(100 * share).toFixed(0)} %`;
    figure.classList.toggle('music', share >= 0.5);
    figure.append(caption);
  }
  return figure;
}
