// Light or dark, and tables that sort. Every page is complete without it.
"use strict";

const KEY = "mettle-theme";
const page = document.documentElement;

function storedTheme() {
  try { return localStorage.getItem(KEY); } catch { return null; } // storage can be refused on file:// pages
}

function setTheme(theme) {
  if (theme === "light" || theme === "dark") page.dataset.theme = theme;
}

setTheme(storedTheme()); // before the first paint

function toggleTheme() {
  const dark = page.dataset.theme ? page.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const next = dark ? "light" : "dark";
  setTheme(next);
  try { localStorage.setItem(KEY, next); } catch { /* the choice lasts for this page */ }
}

// A cell's sort key; null for a missing value, which stays last in either direction.
function keyOf(row, column, text) {
  const cell = row.cells[column];
  if (text) return cell.textContent.trim();
  return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
}

function sortBy(header) {
  const table = header.closest("table");
  const body = table.tBodies[0];
  const text = header.dataset.best === "text";
  const first = header.dataset.best === "high" ? "descending" : "ascending";
  const other = first === "descending" ? "ascending" : "descending";
  const direction = header.getAttribute("aria-sort") === first ? other : first;
  const sign = direction === "ascending" ? 1 : -1;
  const rows = Array.from(body.rows, (row) => [keyOf(row, header.cellIndex, text), row]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (text ? a.localeCompare(b) : a - b);
  });
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", direction);
  body.append(...rows.map(([, row]) => row));
}

function makeSortable(header) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  button.addEventListener("click", () => sortBy(header));
  header.append(button);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("th[data-best]").forEach(makeSortable);
  const toggle = document.getElementById("theme");
  toggle.hidden = false;
  toggle.addEventListener("click", toggleTheme);
});
