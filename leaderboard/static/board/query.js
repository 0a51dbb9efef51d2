// What is typed into the search box: words, `field:word`, `field>number`, quoted phrases, and a minus for "not".
const TOKEN = /(-?)(?:([a-z_0-9]+)(:|<=|>=|<|>))?("[^"]*"|\S+)/gi;
const COMPARISONS = {
  ":": (a, b) => a === b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};

function hasWord(texts, word) {
  return texts.some((text) => text.toLowerCase().includes(word));
}

// A test of one field; null where no field of that name exists, so that the text is searched as it stands.
function fieldTest(field, operator, word, columns, facetNames) {
  if (field === "team" && operator === ":") return (row) => hasWord([row.team], word);
  const facet = facetNames.find((name) => name.startsWith(field));
  if (facet && operator === ":") return (row) => hasWord(row.facets[facet], word);
  const column = columns.find(({ name }) => name === field) || columns.find(({ name }) => name.startsWith(field));
  if (!column) return null;
  if (!column.numeric) return operator === ":" ? (row) => hasWord([row.value(column.at)], word) : null;
  const number = Number(word);
  if (Number.isNaN(number)) return null;
  const compare = COMPARISONS[operator];
  // Values are compared as they are shown: percentages, not shares.
  return (row) => {
    const value = row.value(column.at);
    return value !== null && compare(value * column.factor, number);
  };
}

// A function that says whether a row answers the query; every part of it must hold.
function rowTest(query, columns, facetNames) {
  const tests = [];
  for (const [whole, minus, field, operator, quoted] of query.matchAll(TOKEN)) {
    const word = quoted.replaceAll('"', "").toLowerCase();
    const ofField = field && fieldTest(field.toLowerCase(), operator, word, columns, facetNames);
    const plain = field && !ofField ? whole.slice(minus.length).toLowerCase() : word;
    const test = ofField || ((row) => row.search.includes(plain));
    tests.push(minus ? (row) => !test(row) : test);
  }
  return (row) => tests.every((test) => test(row));
}

// A facet's choice: a value, or a minus and a value that must not be there.
function facetTest(name, choice) {
  if (!choice) return () => true;
  return choice.startsWith("-")
    ? (row) => !row.facets[name].includes(choice.slice(1))
    : (row) => row.facets[name].includes(choice);
}
