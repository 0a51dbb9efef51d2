// A board's state in the address of the page, so that a view can be sent to someone else.
const PAGE_SIZES = [25, 50, 100, 250, 1000];

function freshState(size) {
  return { query: "", sort: null, facets: {}, hidden: new Set(), pins: [], page: 1, size };
}

// Whatever the address says that the board does not know is left out.
function stateFromAddress(board) {
  const { id, columns, facets, pageSize } = board;
  const given = new URLSearchParams(location.search);
  const state = freshState(pageSize);
  const list = (key) => (given.get(`${id}.${key}`) || "").split(",").filter(Boolean);
  state.query = given.get(`${id}.q`) || "";
  const sort = given.get(`${id}.sort`) || "";
  const name = sort.replace(/^-/, "");
  if (columns.some((column) => column.name === name && column.header.dataset.best)) {
    state.sort = { name, direction: sort.startsWith("-") ? "descending" : "ascending" };
  }
  for (const facet of Object.keys(facets)) state.facets[facet] = given.get(`${id}.${facet}`) || "";
  state.hidden = new Set(list("hide").filter((hide) => columns.some((column) => column.name === hide)));
  state.pins = [...new Set(list("pin"))].filter((key) => board.rowsByKey.has(key));
  state.page = Math.max(1, Number.parseInt(given.get(`${id}.page`), 10) || 1);
  const size = Number(given.get(`${id}.size`));
  if (PAGE_SIZES.includes(size)) state.size = size;
  return state;
}

function stateToAddress({ id, state, pageSize }) {
  const address = new URL(location.href);
  const given = address.searchParams;
  for (const key of [...given.keys()]) if (key.startsWith(`${id}.`)) given.delete(key);
  const say = (key, value) => { if (value) given.set(`${id}.${key}`, value); };
  say("q", state.query);
  if (state.sort) say("sort", `${state.sort.direction === "descending" ? "-" : ""}${state.sort.name}`);
  for (const [facet, choice] of Object.entries(state.facets)) say(facet, choice);
  say("hide", [...state.hidden].join(","));
  say("pin", state.pins.join(","));
  if (state.page > 1) say("page", state.page);
  if (state.size !== pageSize) say("size", state.size);
  address.search = given.toString().replaceAll("%2C", ","); // as readable as it may be
  try { history.replaceState(null, "", address); } catch { /* some browsers refuse it on file:// pages */ }
}
