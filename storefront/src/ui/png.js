// Pictures of black and white without a canvas, which some browsers blur against tracking until no camera reads them.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BITS_PER_PIXEL = 1;
const GRAYSCALE = 0;
// Stored blocks of deflate hold no more; a code is small enough to go uncompressed.
const BLOCK_BYTES_MAX = 65_535;

/**
 * @param {boolean[][]} dark rows of a square, true is black
 * @param {number} scale pixels of each side of a cell
 * @returns {Uint8Array<ArrayBuffer>} a PNG file
 */
export function pngOf(dark, scale) {
  const size = dark.length * scale;
  const header = [...bigEndian(size), ...bigEndian(size), BITS_PER_PIXEL, GRAYSCALE, 0, 0, 0];
  const chunks = [...chunk("IHDR", header), ...chunk("IDAT", zlib(pixels(dark, scale))), ...chunk("IEND", [])];
  return new Uint8Array([...SIGNATURE, ...chunks]);
}

/**
 * @param {boolean[][]} dark
 * @param {number} scale
 * @returns {number[]} each row with the number of its filter before it, eight pixels a byte, 1 is white
 */
function pixels(dark, scale) {
  const bytes = [];
  for (const cells of dark) {
    const row = new Uint8Array(1 + Math.ceil((cells.length * scale) / 8));
    for (let x = 0; x < cells.length * scale; x++) {
      if (!cells[Math.floor(x / scale)]) row[1 + (x >> 3)] |= 0x80 >> (x & 7);
    }
    for (let line = 0; line < scale; line++) bytes.push(...row);
  }
  return bytes;
}

/** @param {number[]} bytes */
function zlib(bytes) {
  const stream = [0x78, 0x01];
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES_MAX) {
    const block = bytes.slice(start, start + BLOCK_BYTES_MAX);
    const last = start + BLOCK_BYTES_MAX >= bytes.length ? 1 : 0;
    const [low, high] = [block.length & 255, block.length >> 8];
    stream.push(last, low, high, low ^ 255, high ^ 255);
    for (const byte of block) stream.push(byte);
  }
  return [...stream, ...bigEndian(adler32(bytes))];
}

/**
 * @param {string} name
 * @param {number[]} content
 */
function chunk(name, content) {
  const named = [...name].map((letter) => letter.charCodeAt(0)).concat(content);
  return [...bigEndian(content.length), ...named, ...bigEndian(crc32(named))];
}

/** @param {number} value */
function bigEndian(value) {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** @param {number[]} bytes */
function adler32(bytes) {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

/** @param {number[]} bytes */
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
