/** The value of a JSON text; undefined for one that cannot be read, which must not hide the row it belongs to. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
