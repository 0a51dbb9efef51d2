// A board: one table with everything around it. The state decides what is drawn; controls change the state only.
const MOST_COMPARED = 4;
const PAGE_SIZE = 100;
const LONG_PAGE_SIZE = 25; // of a board that draws its rows itself, as many as its page holds

class Board {
  constructor(frame) {
    this.frame = frame;
    this.id = frame.dataset.board;
    this.table = frame.querySelector("table");
    this.columns = columnsOf(this.table);
    const island = document.getElementById(`${this.id}-island`); // where the page does not hold all rows
    this.pageSize = island ? LONG_PAGE_SIZE : PAGE_SIZE;
    this.rows = island ? islandRows(this.table, island, this.id) : pageRows(this.table, this.columns);
    this.sortKeys = new Map();
    this.facets = facetCounts(this.rows);
    this.firstSort = this.columns.find(({ header }) => header.hasAttribute("aria-sort"));
    this.firstDirection = this.firstSort && this.firstSort.header.getAttribute("aria-sort");
    this.state = stateFromAddress(this);
    this.addControls();
    this.update({ quiet: true });
  }

  // Made when a row is first asked for by its key: few readers pin rows.
  get rowsByKey() {
    return (this.byKey ??= new Map(this.rows.map((row) => [row.key, row])));
  }

  keysOf({ at }) {
    if (!this.sortKeys.has(at)) this.sortKeys.set(at, this.rows.map((row) => row.value(at)));
    return this.sortKeys.get(at);
  }

  addControls() {
    for (const { header } of this.columns) {
      if (header.dataset.best) addSortButton(header, () => this.sortBy(header));
    }
    this.status = make("p", { className: "count" });
    this.status.setAttribute("role", "status");
    this.frame.before(this.tools(), this.status);
    this.pager = make("nav", { className: "pager", ariaLabel: "Pages of this table" });
    this.frame.after(this.pager);
    addEventListener("beforeprint", () => this.draw(this.order()));
    addEventListener("afterprint", () => this.draw(this.onPage()));
  }

  tools() {
    const tools = make("div", { className: "tools" });
    if (this.rows.length >= ENOUGH_TO_SEARCH) tools.append(this.searchBox(), ...this.facetBoxes());
    const [columns, boxes] = columnMenu(this.columns, (name, hide) => {
      if (hide) this.state.hidden.add(name); else this.state.hidden.delete(name);
      this.update();
    });
    this.columnBoxes = boxes;
    tools.append(columns, formatMenu(this.fileName(), () => this.view(), (text) => this.say(text)));
    this.compare = make("a", { className: "compare" });
    this.reset = make("button", { type: "button" }, "Reset");
    this.reset.addEventListener("click", () => { this.state = freshState(this.pageSize); this.update(); });
    tools.append(this.compare, this.reset);
    return tools;
  }

  searchBox() {
    this.search = make("input", { type: "search", placeholder: this.searchExample(), spellcheck: false });
    this.search.addEventListener("input", () => this.change({ query: this.search.value }));
    return make("label", { className: "search" }, "Search ", this.search);
  }

  // By the primary column, and a number that some rows exceed and others do not.
  searchExample() {
    const column = this.columns.find(({ header }) => header.classList.contains("primary"));
    const values = column ? this.rows.map((row) => row.value(column.at)).filter((value) => value !== null) : [];
    if (!values.length) return "name, team:x";
    const middle = values.sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] * column.factor;
    return `name, team:x, ${column.name}>${Math.floor(10 * middle) / 10}`;
  }

  facetBoxes() {
    this.selects = {};
    return Object.entries(this.facets).map(([name, counts]) => {
      const column = this.columns.find((other) => other.name === name);
      const title = FACET_NAMES[name] || column.title;
      const choose = (choice) => this.change({ facets: { ...this.state.facets, [name]: choice } });
      const [label, select] = facetSelect(name, counts, title, this.rows.length, choose);
      this.selects[name] = select;
      return label;
    });
  }

  fileName() {
    const page = location.pathname.split("/").pop().replace(/\.html$/, "");
    return `${page}.${this.id}`;
  }

  change(changes) {
    Object.assign(this.state, { page: 1 }, changes);
    this.update();
  }

  sortBy(header) {
    const { name } = this.columns.find((column) => column.header === header);
    this.change({ sort: { name, direction: nextDirection(header) } });
  }

  pin(key, pinned) {
    const others = this.state.pins.filter((other) => other !== key);
    this.state.pins = pinned ? [...others, key] : others;
    this.update();
    const box = this.rowsByKey.get(key).draw().querySelector(".pin");
    if (box.isConnected) box.focus(); // its row has moved
  }

  // Pinned rows, then those that answer, in order.
  order() {
    const { query, facets, sort, pins } = this.state;
    const tests = [rowTest(query, this.columns, Object.keys(this.facets))];
    for (const [name, choice] of Object.entries(facets)) if (this.facets[name]) tests.push(facetTest(name, choice));
    const pinned = new Set(pins);
    const wanted = (row) => tests.every((test) => test(row));
    const found = this.rows.filter(pinned.size ? (row) => !pinned.has(row.key) && wanted(row) : wanted);
    const column = sort && this.columns.find(({ name }) => name === sort.name);
    if (column) {
      const sign = sort.direction === "ascending" ? 1 : -1;
      const keys = this.keysOf(column);
      found.sort((a, b) => inOrder(keys[a.index], keys[b.index], sign) || a.index - b.index);
    }
    this.found = found.length;
    return [...pins.map((key) => this.rowsByKey.get(key)), ...found];
  }

  pages() {
    return Math.max(1, Math.ceil(this.ordered.length / this.state.size));
  }

  onPage() {
    const start = (this.state.page - 1) * this.state.size;
    return this.ordered.slice(start, start + this.state.size);
  }

  view() {
    return [this.order(), this.columns.filter(({ name }) => !this.state.hidden.has(name))];
  }

  // `quiet`: the address stays as it is, for instance when the page has just been read.
  update({ quiet = false } = {}) {
    this.ordered = this.order();
    this.state.page = Math.min(this.state.page, this.pages());
    this.draw(this.onPage());
    this.drawControls();
    if (quiet) return;
    clearTimeout(this.addressing); // browsers limit how often an address may change
    this.addressing = setTimeout(() => stateToAddress(this), 150);
  }

  draw(rows) {
    const elements = rows.map((row) => this.dressed(row));
    this.table.tBodies[0].replaceChildren(...elements);
    const { sort, hidden } = this.state;
    const sorted = sort ? this.columns.find(({ name }) => name === sort.name) : this.firstSort;
    for (const { header, name } of this.columns) header.hidden = hidden.has(name);
    markSorted(this.columns[0].header, null);
    if (sorted) sorted.header.setAttribute("aria-sort", sort ? sort.direction : this.firstDirection);
  }

  // A row with its pin, and without the columns that are not wanted.
  dressed(row) {
    const element = row.draw();
    const pinned = this.state.pins.includes(row.key);
    let box = element.querySelector(".pin");
    if (!box) {
      box = make("input", { type: "checkbox", className: "pin", title: this.frame.dataset.compare ? "Keep on top, and compare" : "Keep on top" });
      box.ariaLabel = `Pin ${shownText(element.querySelector(".name"))}`;
      box.addEventListener("change", () => this.pin(row.key, box.checked));
      element.querySelector(".who > div").prepend(box);
    }
    box.checked = pinned;
    element.classList.toggle("pinned", pinned);
    if (this.state.hidden.size || element.dataset.partial) {
      for (const { at, name } of this.columns) element.cells[at].hidden = this.state.hidden.has(name);
      element.dataset.partial = this.state.hidden.size ? "yes" : "";
    }
    return element;
  }

  drawControls() {
    const { query, facets, hidden, pins, sort } = this.state;
    if (this.search && this.search.value !== query) this.search.value = query;
    for (const [name, select] of Object.entries(this.selects || {})) select.value = facets[name] || "";
    for (const [name, box] of this.columnBoxes) box.checked = !hidden.has(name);
    const changed = query || sort || hidden.size || pins.length || Object.values(facets).some(Boolean);
    this.reset.hidden = !changed;
    this.drawCompare();
    this.drawPager();
    const others = this.rows.length - pins.length;
    this.say(this.found === others ? "" : `${this.found.toLocaleString("en")} of ${others.toLocaleString("en")} rows match.`);
  }

  drawCompare() {
    const { pins } = this.state;
    const to = this.frame.dataset.compare;
    this.compare.hidden = !to || !pins.length;
    const few = pins.length >= 2 && pins.length <= MOST_COMPARED;
    if (few) this.compare.href = `${to}?rows=${pins.join(",")}`; else this.compare.removeAttribute("href");
    const advice = pins.length < 2 ? "Pin another row to compare" : `Pin at most ${MOST_COMPARED} rows to compare`;
    this.compare.textContent = few ? `Compare ${pins.length} pinned rows` : advice;
  }

  drawPager() {
    const pages = this.pages();
    this.pager.hidden = this.rows.length <= Math.min(...PAGE_SIZES);
    const go = (text, page) => {
      const button = make("button", { type: "button", disabled: page < 1 || page > pages }, text);
      button.addEventListener("click", () => { this.state.page = page; this.update(); this.table.scrollIntoView(); });
      return button;
    };
    const { page, size } = this.state;
    const sizes = make("select", { onchange: () => this.change({ size: Number(sizes.value) }) });
    sizes.append(...PAGE_SIZES.map((rows) => option(String(rows))));
    sizes.value = String(size);
    const where = make("span", {}, `Page ${page} of ${pages}`);
    const turn = pages > 1 ? [go("Previous", page - 1), where, go("Next", page + 1)] : [];
    this.pager.replaceChildren(...turn, make("label", {}, "Rows on a page ", sizes));
  }

  say(text) {
    this.status.textContent = text;
  }

  // Bring a row into view that the address names.
  reveal(id) {
    const row = this.rows.find((other) => other.id === id);
    if (!row) return;
    if (!this.ordered.includes(row)) this.state = freshState(this.pageSize);
    this.ordered = this.order();
    this.state.page = 1 + Math.floor(this.ordered.indexOf(row) / this.state.size);
    this.update();
    const folded = this.table.closest("details");
    if (folded) folded.open = true;
    row.draw().scrollIntoView({ block: "center" });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const boards = Array.from(document.querySelectorAll("[data-board]"), (frame) => new Board(frame));
  const reveal = () => boards.forEach((board) => board.reveal(decodeURIComponent(location.hash.slice(1))));
  if (location.hash) reveal();
  addEventListener("hashchange", reveal);
});
