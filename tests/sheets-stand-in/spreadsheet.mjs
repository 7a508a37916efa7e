// One spreadsheet: its tabs, and the calls of the Sheets API that the origin makes.

/** Google's limit for a cell. */
const CELL_CHARS_MAX = 50_000;

export class ApiError extends Error {
  constructor(code, status, message) {
    super(message);
    this.code = code;
    this.body = { error: { code, message, status } };
  }
}

export class Spreadsheet {
  /** Rows of cells by the name of the tab. @type {Map<string, any[][]>} */
  tabs = new Map([["Orders", []]]);

  read(range, options) {
    const { rows, cells } = this.#find(range);
    if (cells === "1:1") return withValues(trimmed([rows[0] ?? []]));
    if (cells !== "A:A" || options.get("majorDimension") !== "COLUMNS") throw badRange(range);
    return withValues(trimmed([rows.map((row) => row[0] ?? "")]));
  }

  update(range, options, body) {
    const { rows, cells } = this.#find(range);
    if (cells !== "A1") throw badRange(range);
    const [row] = checked(options, body);
    rows[0] = row;
    return { updatedRows: 1 };
  }

  /** All rows or none. */
  append(range, options, body) {
    const { rows, cells } = this.#find(range);
    if (cells !== "A1") throw badRange(range);
    if (options.get("insertDataOption") !== "INSERT_ROWS") throw badRequest("rows below the table would be overwritten");
    const added = checked(options, body);
    rows.push(...added);
    return { updates: { updatedRows: added.length } };
  }

  #find(range) {
    const [, tab, cells] = range.match(/^'((?:[^']|'')+)'!(.+)$/) ?? [];
    const rows = this.tabs.get(tab?.replaceAll("''", "'"));
    if (rows === undefined) throw badRange(range);
    return { rows, cells };
  }
}

/** Cells that are taken as they are. */
function checked(options, body) {
  if (options.get("valueInputOption") !== "RAW") throw badRequest("formulas would be computed");
  for (const cell of body.values.flat()) {
    if (typeof cell === "string" && cell.length > CELL_CHARS_MAX) {
      throw badRequest(`Your input contains more than the maximum of ${CELL_CHARS_MAX} characters in a single cell.`);
    }
    if (!["string", "number", "boolean"].includes(typeof cell)) throw badRequest("Invalid values");
  }
  return body.values;
}

/** Without the empty cells at the end of each list, as Google leaves them out. */
function trimmed(lists) {
  return lists.map((list) => list.slice(0, list.findLastIndex((cell) => cell !== "") + 1));
}

function withValues(values) {
  return values.every((list) => list.length === 0) ? {} : { values };
}

function badRange(range) {
  return badRequest(`Unable to parse range: ${range}`);
}

function badRequest(message) {
  return new ApiError(400, "INVALID_ARGUMENT", message);
}
