window.lectureSliders ??= function (box) {
  // The frames were drawn when the book was built; a slider only picks one of them.
  const data = JSON.parse(box.querySelector('script[type="application/json"]').textContent);
  const stage = box.querySelector(".xp-stage"), image = stage.querySelector("img");
  const inputs = [...box.querySelectorAll("input")], outputs = box.querySelectorAll("output");
  const live = box.querySelector("[aria-live]");
  let waiting;
  function position() {
    return inputs.reduce((n, input, i) => n * data.values[i].length + Number(input.value), 0);
  }
  function svg(runs) {
    // A frame is a list of runs (first line, number of lines) of the lines that all frames share.
    let lines = [];
    for (let k = 0; k < runs.length; k += 2) {
      lines = lines.concat(data.lines.slice(runs[k], runs[k] + runs[k + 1]));
    }
    return lines.join("\n");
  }
  function draw() {
    const frame = position(), alt = data.alt[frame % data.alt.length];
    inputs.forEach((input, i) => {
      outputs[i].textContent = data.values[i][input.value];
      input.setAttribute("aria-valuetext", outputs[i].textContent);
    });
    if (image) {
      image.src = data.frames[frame];
      image.alt = alt;
    } else {
      stage.innerHTML = svg(data.frames[frame]);
      stage.setAttribute("aria-label", alt);
    }
    if (data.alt.length > 1) {
      // Spoken once the slider rests, not for every value on the way.
      clearTimeout(waiting);
      waiting = setTimeout(() => { live.textContent = alt; }, 400);
    }
  }
  if (image) data.frames[position()] = image.src;
  inputs.forEach((input) => input.addEventListener("input", draw));
  box.querySelector(".xp-controls").hidden = false;
};
