// Rows of a board too long to write into the page: numbers by column, drawn into copies of a row when they come in view.
const MISSING = "–";

function grouped(number, digits) {
  return number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
}

// A metric's cell; `numbers`: whole numbers in units of the last digit shown, ends of intervals as distances.
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
    if (column.text) cell.textContent = column.text[index];
    if (column.value && column.digits === undefined) cell.textContent = cell.dataset.value = column.value[index];
    if (column.low) {
      const [low, high] = [column.low[index], column.high[index]];
      cell.textContent = low === high ? low : `${low}–${high}`;
      cell.dataset.value = low;
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
  const island = JSON.parse(element.textContent);
  document.getElementById(`${id}-partial`).hidden = true;
  const template = table.tBodies[0].rows[0].cloneNode(true);
  const sources = columns.map(({ at, factor }) => {
    const { value, low, text, digits = 0 } = island.columns[at];
    if (low || text) return (index) => (low || text)[index];
    if (!value) return (index) => island.title[index];
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
