// Rows of a board too long to write into the page: numbers by column, drawn into copies of a row when they come in view.
const MISSING = "–";

const numberFormats = []; // by digits; making one takes longer than drawing a row

function grouped(number, digits) {
  numberFormats[digits] ??= new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return numberFormats[digits].format(number).replace("-", "−");
}

// The numbers as they are drawn, from the differences that they travel as.
function unpack(island) {
  const said = (index) => island.title[index].toLowerCase().replace(/[^a-z0-9._-]+/g, "-");
  island.key = island.key.map((key, index) => (key[0] === "*" ? said(index) + key.slice(1) : key));
  let ranks = null;
  for (const column of island.columns) {
    if (column.steps) {
      let rank = 0;
      ranks = column.steps.map((step) => (rank += step));
      column.value = ranks;
    }
    if (column.better) {
      column.low = column.better.map((places, index) => ranks[index] - places);
      column.high = column.worse.map((places, index) => ranks[index] + places);
      island.ranges = column.low.map((low, index) => rangeText(low, column.high[index]));
    }
    if (column.tied) column.text = column.tied.map((text, index) => text ?? island.ranges[index]);
    if (column.digits90 !== undefined) column.value = unpackValues(column);
    if (column.below) unpackIntervals(column);
  }
  return island;
}

const ALPHABET = Array.from({ length: 92 }, (_, at) => String.fromCharCode(35 + at)).filter((sign) => !"<\\".includes(sign));
const DIGITS = new Map(ALPHABET.map((sign, digit) => [sign, digit]));

// Numbers travel as digits of base 90, so many to each; a space stands for a missing one.
function unpackValues({ digits90, least, width }) {
  const values = [];
  for (let start = 0; start < digits90.length; start += width) {
    let number = 0;
    for (let at = start; at < start + width; at += 1) number = number * ALPHABET.length + DIGITS.get(digits90[at]);
    values.push(Number.isNaN(number) ? null : least + number);
  }
  return values;
}

// Intervals travel as what is left of them after a guess from the value.
function unpackIntervals(column) {
  const { value, skew, spread, lean, whole } = column;
  const rounded = (number) => Math.floor(number + 0.5);
  const guess = (number) => (number > 0 && number < whole ? rounded(spread * Math.sqrt(number * (whole - number))) : 0);
  column.below = column.below.map((left, index) => (left === null ? null : left + guess(value[index])));
  column.above = column.below.map((below, index) => (below === null ? null : below + skew[index] + rounded(lean * below)));
}

function rangeText(low, high) {
  return low === high ? String(low) : `${low}–${high}`;
}

// A metric's cell; its numbers are whole, in units of the last digit shown, ends of intervals distances.
function drawScore(cell, { value, below, above, runs, digits, factor }, index) {
  const number = value[index];
  const plot = cell.querySelector(".interval");
  cell.replaceChildren();
  delete cell.dataset.value;
  if (number === null) {
    cell.append(make("span", { className: "missing", title: "not scored" }, MISSING));
    return;
  }
  const shown = (steps) => grouped(steps / 10 ** digits, digits);
  cell.dataset.value = number / 10 ** digits / factor;
  cell.append(make("span", { className: "value" }, shown(number)));
  const whole = below && below[index] !== null;
  if (whole) {
    const range = `[${shown(number - below[index])}, ${shown(number + above[index])}]`;
    cell.append(" ", make("span", { className: "range" }, range));
  }
  if (plot) cell.append(drawPlot(plot, number, whole ? [number - below[index], number + above[index]] : null));
  if (runs && runs[index]) cell.append(" ", make("span", { className: "runs" }, runs[index]));
}

function drawPlot(plot, value, ends) {
  const { low, high, start, stop } = plot.axis;
  const x = (at) => (high === low ? (start + stop) / 2 : start + ((at - low) / (high - low)) * (stop - start)).toFixed(1);
  plot.querySelectorAll(".run").forEach((tick) => tick.remove()); // their values are in words only
  plot.querySelector("circle").setAttribute("cx", x(value));
  const whisker = plot.querySelector(".whisker");
  if (whisker) whisker.setAttribute("d", ends ? `M${x(ends[0])} 6H${x(ends[1])}` : "");
  return plot;
}

function drawMark({ label, text, tone }, status) {
  return make("span", { className: `mark ${tone}${status ? " status" : ""}`, title: text }, label);
}

function drawRow(template, island, index, id) {
  const row = template.cloneNode(true);
  row.id = `${id}-${index + 1}`;
  row.dataset.key = island.key[index];
  row.dataset.kind = island.kinds[island.kind[index]];
  const name = row.querySelector(".name");
  name.href = name.href.replace(/[^/]*$/, `${island.key[index].split("~")[0]}.html`);
  name.replaceChildren(make("bdi", {}, island.title[index]));
  row.querySelector(".team").replaceChildren(make("bdi", {}, island.team[index]));
  const marks = (island.mark[index] || []).map((mark) => drawMark(island.marks[mark], false));
  row.querySelector(".marks").replaceChildren(drawMark(island.statuses[island.status[index]], true), ...marks);
  island.columns.forEach((column, at) => {
    const cell = row.cells[at];
    if (column.text) cell.textContent = column.text[index] || "none";
    if (column.steps) cell.textContent = cell.dataset.value = column.value[index];
    if (column.low) {
      cell.textContent = island.ranges[index];
      cell.dataset.value = column.low[index];
    }
    if (column.digits !== undefined) {
      const plot = cell.querySelector(".interval");
      if (plot) plot.axis = island.axis;
      drawScore(cell, column, index);
    }
  });
  return row;
}

// The same kind of rows as `pageRows` makes.
function islandRows(table, element, columns, id) {
  const island = unpack(JSON.parse(element.textContent));
  document.getElementById(`${id}-partial`).hidden = true;
  const template = table.tBodies[0].rows[0].cloneNode(true);
  const sources = columns.map(({ at, factor }) => {
    const { value, low, text, digits = 0 } = island.columns[at];
    if (low || text) return (index) => (low || text)[index];
    if (!value) return (index) => island.title[index].toLowerCase();
    return (index) => (value[index] === null ? null : value[index] / 10 ** digits / factor);
  });
  return island.key.map((key, index) => {
    const status = island.statuses[island.status[index]].label;
    const mark = (island.mark[index] || []).map((at) => island.marks[at].label).filter((label) => !label.startsWith("+"));
    const texts = [island.title[index], island.team[index], status, ...mark];
    let element = null;
    return {
      index,
      id: `${id}-${index + 1}`,
      key,
      values: sources.map((source) => source(index)),
      facets: { status: [status], kind: [island.kinds[island.kind[index]]], mark },
      team: island.team[index],
      search: texts.join(" ").toLowerCase(),
      draw: () => (element = element || drawRow(template, island, index, id)),
    };
  });
}
