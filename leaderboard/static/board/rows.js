// The rows of a board, read from the page: what they sort, filter and search by.

// One object a column, in the order of the head.
function columnsOf(table) {
  return Array.from(table.tHead.rows[0].cells, (header, at) => ({
    header,
    at,
    name: header.dataset.name,
    title: shownText(header),
    numeric: isNumeric(header),
    factor: Number(header.dataset.factor || 1), // of the value stored to the value shown
    facet: "facet" in header.dataset,
  }));
}

function facetsOf(element, columns) {
  const labels = (selector) => Array.from(element.querySelectorAll(selector), shownText);
  const facets = {
    status: labels(".mark.status"),
    kind: element.dataset.kind ? [element.dataset.kind] : [],
    mark: labels(".mark:not(.status)").filter((label) => !label.startsWith("+")),
  };
  for (const column of columns) {
    if (column.facet) facets[column.name] = [shownText(element.cells[column.at])].filter(Boolean);
  }
  return facets;
}

function pageRow(element, index, columns) {
  const values = columns.map((column) => sortKey(element.cells[column.at], column.numeric));
  const texts = columns.filter((column) => !column.numeric).map((column) => shownText(element.cells[column.at]));
  return {
    index,
    id: element.id,
    key: element.dataset.key,
    value: (at) => values[at],
    facets: facetsOf(element, columns),
    team: shownText(element.querySelector(".team") || make("span")),
    search: texts.join(" ").toLowerCase(),
    draw: () => element,
  };
}

function pageRows(table, columns) {
  return Array.from(table.tBodies[0].rows, (element, index) => pageRow(element, index, columns));
}
