// The page of the mail stand-in: what was sent, newest first.

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** @param {{number: number, to: string[], subject: string}[]} mails oldest first */
export function listPage(mails) {
  const rows = mails.toReversed().map(
    ({ number, to, subject }) =>
      `<li><a href="/mails/${number}">${escaped(subject)}</a> <small>${escaped(to.join(", "))}</small></li>`,
  );
  const list = rows.length === 0 ? "<p>No mail yet.</p>" : `<ol reversed>${rows.join("")}</ol>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<title>Mails of the shop</title>
<style>
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
li { margin: 0.4rem 0; }
small { color: #666; }
</style>
</head>
<body>
<h1>Mails of the shop</h1>
${list}
</body>
</html>
`;
}
