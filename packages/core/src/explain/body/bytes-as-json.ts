/**
 * The bytes of which a body is the JSON: `{"type":"Buffer","data":[…]}` of a Buffer, `{"0":123,…}` of a `Uint8Array`, or a
 * list of numbers. Read without a tree: each byte would be a node of it. Undefined if the text is nothing of these.
 */
export function bytesOfJson(text: string): Uint8Array | undefined {
  const listed = /^(?:\{"type":"Buffer","data":)?\[([\d,]*)\]\}?$/.exec(text.replaceAll(/\s/g, ''))
  if (listed) return bytesOfNumbers(listed[1]!.split(','))
  if (!/^\{\s*"0"\s*:/.test(text)) return undefined
  const pairs = text.replaceAll(/[\s{}"]/g, '').split(',')
  const numbers = pairs.map((pair, at) =>
    pair.startsWith(`${at}:`) ? pair.slice(pair.indexOf(':') + 1) : '',
  )
  return bytesOfNumbers(numbers)
}

/** The same of a value inside of an envelope. */
export function bytesOfValue(value: object): Uint8Array | undefined {
  const { type, data } = value as { readonly type?: unknown; readonly data?: unknown }
  const list = Array.isArray(value) ? value : type === 'Buffer' ? data : undefined
  return Array.isArray(list) && list.length > 0 ? bytesOfNumbers(list.map(String)) : undefined
}

function bytesOfNumbers(numbers: readonly string[]): Uint8Array | undefined {
  return numbers.every((text) => /^\d{1,3}$/.test(text) && Number(text) < 256)
    ? Uint8Array.from(numbers, Number)
    : undefined
}
