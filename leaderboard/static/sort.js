// Order of cells, and plain tables that sort by a click on a heading.

// Two sort keys of a kind, numbers or texts; a missing value (null) stays last in either direction.
function inOrder(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  return a < b ? -sign : a > b ? sign : 0;
}

function isNumeric(header) {
  return header.dataset.best === "high" || header.dataset.best === "low";
}

function sortKey(cell, numeric) {
  if (!numeric) return shownText(cell.querySelector(".name") || cell).toLowerCase();
  return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
}

function shownText(element) {
  return element.textContent.replace(/\s+/g, " ").trim();
}

// Best first, and the other way round at the next click.
function nextDirection(header) {
  const [first, other] = header.dataset.best === "high" ? ["descending", "ascending"] : ["ascending", "descending"];
  return header.getAttribute("aria-sort") === first ? other : first;
}

function markSorted(header, direction) {
  for (const cell of header.parentElement.cells) cell.removeAttribute("aria-sort");
  if (direction) header.setAttribute("aria-sort", direction);
}

function addSortButton(header, onSort) {
  const button = make("button", { type: "button" }, ...header.childNodes);
  button.addEventListener("click", onSort);
  header.append(button);
}

function sortPlain(header) {
  const body = header.closest("table").tBodies[0];
  const direction = nextDirection(header);
  const sign = direction === "ascending" ? 1 : -1;
  const numeric = isNumeric(header);
  const rows = Array.from(body.rows, (row) => [sortKey(row.cells[header.cellIndex], numeric), row]);
  rows.sort(([a], [b]) => inOrder(a, b, sign));
  markSorted(header, direction);
  body.append(...rows.map(([, row]) => row));
}

document.addEventListener("DOMContentLoaded", () => {
  for (const header of document.querySelectorAll("table:not(.board) th[data-best]")) {
    addSortButton(header, () => sortPlain(header));
  }
});
