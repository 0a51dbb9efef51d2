// Rows of a board too long to write into the page: numbers by column, drawn into copies of a row when they come in view.
const MISSING = "–";

const numberFormats = []; // by digits; making one takes longer than drawing a row

function grouped(number, digits) {
  numberFormats[digits] ??= new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return numberFormats[digits].format(number).replace("-", "−");
}

const ALPHABET = Array.from({ length: 92 }, (_, at) => String.fromCharCode(35 + at)).filter((sign) => !"<\\".includes(sign));
const DIGITS = new Map(ALPHABET.map((sign, digit) => [sign, digit]));

// A column of numbers; each is worked out when it is asked for, as most rows are never looked at.
class IslandColumn {
  constructor(content) {
    Object.assign(this, content);
    if (!this.steps) return;
    let rank = 0;
    this.ranks = this.steps.map((step) => (rank += step));
  }

  // Numbers travel as digits of base 90, so many to each; a space stands for a missing one.
  number(index) {
    if (this.ranks) return this.ranks[index];
    let number = 0;
    for (let at = index * this.width; at < (index + 1) * this.width; at += 1) {
      const digit = DIGITS.get(this.digits90[at]);
      if (digit === undefined) return null;
      number = number * ALPHABET.length + digit;
    }
    return this.least + number;
  }

  // Intervals travel as what is left of their distances after a guess from the value.
  ends(index) {
    const left = this.below ? this.below[index] : null;
    if (left === null) return null;
    const { spread, lean, whole } = this;
    const number = this.number(index);
    const rounded = (guess) => Math.floor(guess + 0.5);
    const below = left + (number > 0 && number < whole ? rounded(spread * Math.sqrt(number * (whole - number))) : 0);
    return [number - below, number + below + this.skew[index] + rounded(lean * below)];
  }

  // In the unit of the record.
  stored(index) {
    const number = this.number(index);
    return number === null || this.ranks ? number : number / 10 ** this.digits / this.factor;
  }
}

class Island {
  constructor(content) {
    Object.assign(this, content);
    this.columns = this.columns.map((column) => new IslandColumn(column));
    this.ranks = this.columns.map(({ ranks }) => ranks).find(Boolean);
    this.span = this.columns.find(({ better }) => better);
  }

  keyOf(index) {
    const key = this.key[index];
    if (key[0] !== "*") return key;
    return this.title[index].toLowerCase().replace(/[^a-z0-9._-]+/g, "-") + key.slice(1);
  }

  lowestRank(index) {
    return this.ranks[index] - this.span.better[index];
  }

  rankRange(index) {
    return rangeText(this.lowestRank(index), this.ranks[index] + this.span.worse[index]);
  }

  // The text of a column without numbers of its own; undefined for one that has some.
  text(column, index) {
    if (column.better) return this.rankRange(index);
    if (column.tied) return column.tied[index] ?? this.rankRange(index);
    return column.text && column.text[index];
  }

  // What a column sorts by.
  sortKey(column, index) {
    if (column.better) return this.lowestRank(index);
    if (column.ranks || column.digits90 !== undefined) return column.stored(index);
    return this.text(column, index) ?? this.title[index].toLowerCase();
  }
}

function rangeText(low, high) {
  return low === high ? String(low) : `${low}–${high}`;
}

// A metric's cell; its numbers are whole, in units of the last digit shown.
function drawScore(cell, column, index) {
  const number = column.number(index);
  const plot = cell.querySelector(".interval");
  cell.replaceChildren();
  delete cell.dataset.value;
  if (number === null) {
    cell.append(make("span", { className: "missing", title: column.why }, MISSING));
    return;
  }
  const { digits, runs } = column;
  const shown = (steps) => grouped(steps / 10 ** digits, digits);
  cell.dataset.value = column.stored(index);
  cell.append(make("span", { className: "value" }, shown(number)));
  const ends = column.ends(index);
  if (ends) cell.append(" ", make("span", { className: "range" }, `[${shown(ends[0])}, ${shown(ends[1])}]`));
  if (plot) cell.append(drawPlot(plot, number, ends));
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
  row.dataset.key = island.keyOf(index);
  row.dataset.kind = island.kinds[island.kind[index]];
  const name = row.querySelector(".name");
  name.href = name.href.replace(/[^/]*$/, `${row.dataset.key.split("~")[0]}.html`);
  name.replaceChildren(make("bdi", {}, island.title[index]));
  row.querySelector(".team").replaceChildren(make("bdi", {}, island.team[index]));
  const marks = (island.mark[index] || []).map((mark) => drawMark(island.marks[mark], false));
  row.querySelector(".marks").replaceChildren(drawMark(island.statuses[island.status[index]], true), ...marks);
  island.columns.forEach((column, at) => {
    const cell = row.cells[at];
    const text = island.text(column, index);
    if (text !== undefined) cell.textContent = text || "none";
    if (column.ranks) cell.textContent = cell.dataset.value = column.number(index);
    if (column.better) cell.dataset.value = island.lowestRank(index);
    if (column.digits === undefined) return;
    const plot = cell.querySelector(".interval");
    if (plot) plot.axis = island.axis;
    drawScore(cell, column, index);
  });
  return row;
}

// A row that the page holds already, with its numbers as those of the others: rounded, without ends.
function adoptedRow(element, island, index) {
  island.columns.forEach((column, at) => {
    if (column.digits === undefined) return;
    const { dataset } = element.cells[at];
    const stored = column.stored(index);
    if (stored !== null) dataset.value = stored;
    delete dataset.low;
    delete dataset.high;
  });
  return element;
}

// As a row of `pageRows`.
class IslandRow {
  constructor(board, index) {
    this.board = board;
    this.index = index;
  }

  get id() { return `${this.board.id}-${this.index + 1}`; }

  get key() { return this.board.island.keyOf(this.index); }

  get team() { return this.board.island.team[this.index]; }

  get facets() { return this.board.facets(this.index); }

  get search() { return (this.text ??= this.board.searched(this.index)); }

  value(at) {
    const { island } = this.board;
    return island.sortKey(island.columns[at], this.index);
  }

  draw() { return (this.element ??= this.board.draw(this.index)); }
}

class IslandBoard {
  constructor(table, element, id) {
    this.island = new Island(JSON.parse(element.textContent));
    this.id = id;
    this.written = Array.from(table.tBodies[0].rows);
    this.template = this.written[0].cloneNode(true);
    this.facetsOf = new Map(); // rows of one kind share them
  }

  facets(index) {
    const { island, facetsOf } = this;
    const marks = island.mark[index] || [];
    const name = `${island.status[index]} ${island.kind[index]} ${marks}`;
    if (!facetsOf.has(name)) {
      const mark = marks.map((at) => island.marks[at].label).filter((label) => !label.startsWith("+"));
      const kind = [island.kinds[island.kind[index]]];
      facetsOf.set(name, { status: [island.statuses[island.status[index]].label], kind, mark });
    }
    return facetsOf.get(name);
  }

  searched(index) {
    const { status, mark } = this.facets(index);
    return [this.island.title[index], this.island.team[index], ...status, ...mark].join(" ").toLowerCase();
  }

  draw(index) {
    const element = this.written[index];
    if (element) return adoptedRow(element, this.island, index);
    return drawRow(this.template, this.island, index, this.id);
  }
}

function islandRows(table, element, id) {
  const board = new IslandBoard(table, element, id);
  document.getElementById(`${id}-partial`).hidden = true;
  return board.island.key.map((_, index) => new IslandRow(board, index));
}
