// The rows and columns in view as CSV, JSON, Markdown and LaTeX.
const FORMULA_STARTS = "=+-@"; // a spreadsheet runs a text that starts with one of these

function shownCell(cell) {
  const parts = [".value", ".range"].map((part) => cell.querySelector(part)).filter(Boolean);
  if (parts.length) return parts.map(shownText).join(" ");
  return shownText(cell.querySelector(".name") || cell);
}

// Values as the record holds them, unrounded where the page is complete; keys as in the data files.
function flatRows(rows, columns) {
  return rows.map((row) => {
    const cells = row.draw().cells;
    const flat = { submission: row.key, team: row.team, ...row.facets };
    for (const { name, at, numeric } of columns) {
      if (!numeric) { flat[name === "submission" ? "title" : name] = shownCell(cells[at]); continue; }
      const { value, low, high } = cells[at].dataset;
      flat[name] = value === undefined ? null : Number(value);
      if (low !== undefined) Object.assign(flat, { [`${name}_lower`]: Number(low), [`${name}_upper`]: Number(high) });
    }
    return flat;
  });
}

function csvField(value) {
  let text = value === null || value === undefined ? "" : Array.isArray(value) ? value.join("; ") : String(value);
  if (typeof value !== "number" && text && FORMULA_STARTS.includes(text[0])) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvOf(rows, columns) {
  const flat = flatRows(rows, columns);
  const names = [...new Set(flat.flatMap(Object.keys))];
  return [names, ...flat.map((row) => names.map((name) => row[name]))]
    .map((line) => `${line.map(csvField).join(",")}\r\n`)
    .join("");
}

function jsonOf(rows, columns) {
  return `${JSON.stringify(flatRows(rows, columns), null, 1)}\n`;
}

function grid(rows, columns, escaped) {
  const head = columns.map(({ title }) => escaped(title));
  return [head, ...rows.map((row) => columns.map(({ at }) => escaped(shownCell(row.draw().cells[at]))))];
}

function markdownOf(rows, columns) {
  const escaped = (text) => text.replace(/[\\`*_[\]<>|]/g, "\\$&");
  const [head, ...body] = grid(rows, columns, escaped);
  const rule = columns.map(({ numeric }) => (numeric ? "--:" : "---"));
  return [head, rule, ...body].map((line) => `| ${line.join(" | ")} |\n`).join("");
}

const LATEX = {
  "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
  "–": "--", "−": "$-$", "×": "$\\times$", "<": "\\textless{}", ">": "\\textgreater{}",
};

function latexOf(rows, columns) {
  const escaped = (text) => text.replace(/[\\~^–−×<>]|[&%$#_{}]/g, (sign) => LATEX[sign] || `\\${sign}`);
  const [head, ...body] = grid(rows, columns, escaped);
  const align = columns.map(({ numeric }) => (numeric ? "r" : "l")).join("");
  const line = (cells) => `${cells.join(" & ")} \\\\`;
  const rules = ["\\toprule", line(head), "\\midrule", ...body.map(line), "\\bottomrule"];
  return `% \\usepackage{booktabs}\n\\begin{tabular}{${align}}\n${rules.join("\n")}\n\\end{tabular}\n`;
}

const FORMATS = {
  CSV: { write: csvOf, type: "text/csv", ending: "csv" },
  JSON: { write: jsonOf, type: "application/json", ending: "json" },
  Markdown: { write: markdownOf, type: "text/markdown", ending: "md" },
  LaTeX: { write: latexOf, type: "application/x-tex", ending: "tex" },
};
