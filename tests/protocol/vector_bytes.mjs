/** The byte sequence that a value of the vectors stands for. */
export function bytesOf(value) {
  if (typeof value === 'string') return Buffer.from(value);
  if (Array.isArray(value)) return Buffer.concat(value.map(bytesOf));
  if (value.hex !== undefined) return Buffer.from(value.hex, 'hex');
  return Buffer.concat(Array(value.times).fill(bytesOf(value.repeat)));
}
