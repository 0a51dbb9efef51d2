// Light or dark before the first paint, and buttons that copy commands. Every page is complete without scripts.
"use strict";

const THEME_KEY = "mettle-theme";
const pageRoot = document.documentElement;

function storedTheme() {
  try { return localStorage.getItem(THEME_KEY); } catch { return null; } // storage can be refused on file:// pages
}

function setTheme(theme) {
  if (theme === "light" || theme === "dark") pageRoot.dataset.theme = theme;
}

setTheme(storedTheme());

function toggleTheme() {
  const theme = pageRoot.dataset.theme;
  const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const next = dark ? "light" : "dark";
  setTheme(next);
  try { localStorage.setItem(THEME_KEY, next); } catch { /* the choice lasts for this page */ }
}

// An element with properties and children; texts become text nodes, never markup.
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Whether the text reached the clipboard; the second way serves browsers that refuse the first on file:// pages.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { value: text, className: "hidden" });
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

function addCopyButton(block) {
  const button = make("button", { type: "button", className: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    const lines = Array.from(block.querySelectorAll("code"), (line) => line.textContent);
    button.textContent = (await copyText(lines.join("\n"))) ? "Copied" : "Not copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.before(button);
}

document.addEventListener("DOMContentLoaded", () => {
  const toggle = document.getElementById("theme");
  toggle.hidden = false;
  toggle.addEventListener("click", toggleTheme);
  document.querySelectorAll("pre").forEach(addCopyButton);
});
