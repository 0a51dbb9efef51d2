// What stands around a board: search, facets, columns, formats, pages.
const ENOUGH_TO_SEARCH = 8; // rows; a shorter table is read faster than searched
const FACET_NAMES = { status: "Status", kind: "Kind", mark: "Marks" };
const MOST_CHOICES = 30; // of a facet; more are searched for instead

function option(value, text = value) {
  return make("option", { value }, text);
}

// Value -> rows, for each facet that divides the table.
function facetCounts(rows) {
  const counts = {};
  for (const row of rows) {
    for (const [name, values] of Object.entries(row.facets)) {
      counts[name] ??= new Map();
      for (const value of values) counts[name].set(value, (counts[name].get(value) || 0) + 1);
    }
  }
  const divides = ([, values]) => [...values.values()].some((count) => count < rows.length) && values.size <= MOST_CHOICES;
  return Object.fromEntries(Object.entries(counts).filter(divides));
}

function facetSelect(name, counts, title, total, onChange) {
  const select = make("select", { onchange: () => onChange(select.value) }, option("", "any"));
  for (const [value, count] of [...counts].sort(([a], [b]) => inOrder(a, b, 1))) {
    select.append(option(value, `${value} (${count})`));
    if (total > count && (counts.size > 1 || name === "mark")) select.append(option(`-${value}`, `not ${value} (${total - count})`));
  }
  return [make("label", {}, `${title} `, select), select];
}

// A button that opens a small panel; Escape and a click elsewhere close it.
function menu(title, ...children) {
  const details = make("details", { className: "menu" }, make("summary", {}, title), make("div", {}, ...children));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    details.open = false;
    details.firstChild.focus();
  });
  document.addEventListener("click", (event) => { if (!details.contains(event.target)) details.open = false; });
  return details;
}

function columnMenu(columns, onToggle) {
  const boxes = new Map();
  const choices = columns.filter(({ name }) => name !== "submission").map(({ name, title }) => {
    const box = make("input", { type: "checkbox", onchange: () => onToggle(name, !box.checked) });
    boxes.set(name, box);
    return make("label", {}, box, ` ${title}`);
  });
  return [menu("Columns", ...choices), boxes];
}

function download(text, name, type) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// `current()`: the rows and columns in view; `say(text)` tells the reader what happened.
function formatMenu(name, current, say) {
  const select = make("select", {}, ...Object.keys(FORMATS).map((format) => option(format)));
  const written = () => FORMATS[select.value].write(...current());
  const copy = make("button", { type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    const copied = await copyText(written());
    say(copied ? `Copied as ${select.value}.` : "The browser refused to copy; download it instead.");
  });
  const save = make("button", { type: "button" }, "Download");
  save.addEventListener("click", () => {
    const { type, ending } = FORMATS[select.value];
    download(written(), `${name}.${ending}`, type);
    say(`Downloaded as ${name}.${ending}.`);
  });
  const note = make("p", {}, "The rows and columns in view, in their order.");
  return menu("Copy or download", note, make("label", {}, "Format ", select), copy, save);
}
