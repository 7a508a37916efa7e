// The page of the stand-in: every tab as a table.

function escaped(text) {
  return String(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** @param {Map<string, any[][]>} tabs */
export function sheetPage(tabs) {
  const tables = [...tabs].map(([name, rows]) => {
    const lines = rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`);
    return `<h2>${escaped(name)}</h2><div><table>${lines.join("")}</table></div>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<title>Sheet of the orders</title>
<style>
body { margin: 1rem; font: 14px/1.4 system-ui, sans-serif; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
td { border: 1px solid #ccc; padding: 0.2rem 0.5rem; white-space: nowrap; }
tr:first-child td { font-weight: 600; background: #eef3ee; }
</style>
</head>
<body>
<h1>Sheet of the orders</h1>
${tables.join("\n")}
</body>
</html>
`;
}
