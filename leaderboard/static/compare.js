// Up to four rows of a task side by side. The pair tests were computed when the site was built.
const MOST_ROWS = 4;
const P_STEPS = 1000;
const WIDTH_STEPS = 1000;
const UNTESTED = "One of the two records keeps no outcomes, or too few to bound the difference";

function missing(why) {
  return make("span", { className: "missing", title: why }, "–");
}

// The place of the pair (i, j), i < j, in the order (0, 1), (0, 2), ..., of `count` rows.
function pairPlace(i, j, count) {
  return i * count - (i * (i + 1)) / 2 + (j - i - 1);
}

function inPoints(value) {
  const text = Math.abs(value).toFixed(2);
  return `${Number(text) === 0 ? "" : value < 0 ? "−" : "+"}${text}`;
}

function pText(p) {
  if (p < 1e-6) return "< 0.000001";
  return p < 0.001 ? p.toPrecision(1).replace(/^(\d)e-0?(\d+)$/, "$1 × 10^−$2") : p.toFixed(3);
}

// Holm's correction: reject while every smaller p-value was rejected.
function holm(values) {
  const order = values.map((p, at) => [p, at]).sort(([a], [b]) => a - b);
  const adjusted = [];
  let largest = 0;
  order.forEach(([p, at], rank) => {
    largest = Math.min(1, Math.max(largest, p * (values.length - rank)));
    adjusted[at] = largest;
  });
  return adjusted;
}

class Comparison {
  constructor(island) {
    this.data = island;
    this.root = document.getElementById("choice").dataset.root; // the way to the first page of the site
    this.places = new Map(island.rows.map((row, at) => [row.key, at]));
    const asked = (new URLSearchParams(location.search).get("rows") || "").split(",").filter(Boolean);
    const unknown = asked.filter((key) => !this.places.has(key));
    const known = asked.map((key) => this.places.get(key)).filter((at) => at !== undefined);
    this.chosen = [...new Set(known)].slice(0, MOST_ROWS);
    if (!asked.length) this.chosen = [0, 1];
    this.addChoice();
    const message = unknown.length ? `Not among the rows that can be compared: ${unknown.join(", ")}.` : "";
    document.getElementById("unknown").textContent = message;
    document.getElementById("needs-script").hidden = true;
    this.draw();
  }

  addChoice() {
    const holder = document.getElementById("choice");
    holder.hidden = false;
    this.selects = Array.from({ length: MOST_ROWS }, (_, slot) => {
      const select = make("select", { ariaLabel: `Row ${slot + 1}`, onchange: () => this.choose() }, make("option", { value: "" }, "no row"));
      let group = null; // rows come table by table
      for (const { key, title, team, table } of this.data.rows) {
        if (!group || group.label !== table) select.append((group = make("optgroup", { label: table })));
        group.append(make("option", { value: key }, `${title} (${team})`));
      }
      return select;
    });
    holder.append(...this.selects);
  }

  choose() {
    const places = this.selects.map((select) => this.places.get(select.value)).filter((at) => at !== undefined);
    this.chosen = [...new Set(places)];
    document.getElementById("unknown").textContent = "";
    const address = new URL(location.href);
    address.search = `rows=${this.chosen.map((at) => this.data.rows[at].key).join(",")}`;
    try { history.replaceState(null, "", address); } catch { /* some browsers refuse it on file:// pages */ }
    this.draw();
  }

  draw() {
    this.selects.forEach((select, slot) => {
      const at = this.chosen[slot];
      select.value = at === undefined ? "" : this.data.rows[at].key;
    });
    document.getElementById("scores").hidden = !this.chosen.length;
    document.getElementById("pairs").hidden = this.chosen.length < 2;
    this.drawScores();
    this.drawPairs();
  }

  drawScores() {
    const rows = this.chosen.map((at) => this.data.rows[at]);
    const table = document.querySelector(".compared");
    const heads = rows.map(({ name, title, team, marks, standing, table: where }) => {
      const link = make("a", { className: "name", href: `${this.root}submissions/${name}.html` }, make("bdi", {}, title));
      const drawn = marks.map((at) => this.data.marks[at]).map(({ label, text, tone }) => make("span", { className: `mark ${tone}`, title: text }, label));
      const place = make("span", { className: "team" }, `${where}: ${standing}`);
      return make("th", { scope: "col", className: "number" }, link, make("span", { className: "team" }, make("bdi", {}, team)), make("span", { className: "marks" }, ...drawn), place);
    });
    table.tHead.replaceChildren(make("tr", {}, make("th", { scope: "col" }, "Metric"), ...heads));
    const lines = this.data.metrics.map((metric, at) => this.scoreLine(metric, at, rows)).filter(Boolean);
    table.tBodies[0].replaceChildren(...lines);
  }

  // A metric that none of the rows has gets no line.
  scoreLine({ title, about, unit, higher, why }, at, rows) {
    const values = rows.map(({ best }) => best[at]);
    const given = values.filter((value) => value !== null);
    if (!given.length) return null;
    const best = given.length > 1 && higher !== null ? (higher ? Math.max(...given) : Math.min(...given)) : null;
    const cells = rows.map(({ scores }, slot) => {
      if (values[slot] === null) return make("td", { className: "number" }, missing(why));
      const [value, range] = scores[at];
      const strong = values[slot] === best ? make("strong", {}, value) : make("span", { className: "value" }, value);
      return make("td", { className: "number" }, strong, make("span", { className: "range" }, range));
    });
    return make("tr", {}, make("th", { scope: "row", title: about }, `${title} `, make("span", { className: "unit" }, unit)), ...cells);
  }

  drawPairs() {
    const pairs = this.chosen.flatMap((first, at) => this.chosen.slice(at + 1).map((second) => [first, second]));
    const tests = pairs.map(([first, second]) => this.test(Math.min(first, second), Math.max(first, second)));
    const known = tests.filter(Boolean);
    const adjusted = holm(known.map(({ p }) => p));
    known.forEach((test, at) => { test.p = adjusted[at]; });
    const lines = pairs.map(([first, second], at) => this.pairLine(first, second, tests[at]));
    document.querySelector(".pairs tbody").replaceChildren(...lines);
  }

  test(i, j) {
    const { width, p, rows } = this.data;
    const place = pairPlace(i, j, rows.length);
    if (!width || width[place] === null) return null;
    return { half: width[place] / WIDTH_STEPS, p: 10 ** (-p[place] / P_STEPS) };
  }

  pairLine(first, second, test) {
    const { rows, width } = this.data;
    const difference = rows[first].value - rows[second].value;
    const name = make("th", { scope: "row" }, make("bdi", {}, rows[first].title), " − ", make("bdi", {}, rows[second].title));
    const line = make("tr", {}, name, make("td", { className: "number" }, make("span", { className: "value" }, inPoints(difference))));
    if (width) {
      const range = test ? `[${inPoints(difference - test.half)}, ${inPoints(difference + test.half)}]` : missing(UNTESTED);
      line.append(make("td", { className: "number range" }, range), make("td", { className: "number" }, test ? pText(test.p) : missing(UNTESTED)));
    }
    line.append(make("td", {}, this.verdict(first, second)));
    return line;
  }

  verdict(first, second) {
    const { rows, tied } = this.data;
    const [i, j] = [Math.min(first, second), Math.max(first, second)];
    if (rows[i].table !== rows[j].table || !tied[i] || !tied[j]) return "not ranked together";
    return tied[i].includes(j) ? "cannot be told apart" : "told apart";
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const island = JSON.parse(document.getElementById("compare-island").textContent);
  new Comparison(island);
});
