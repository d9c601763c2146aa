/** The keys of the list and of the details, and both on a narrow terminal. */
const LIST = '↑↓ move · enter details · r run again · e explain · c curl · t test · q quit'
const DETAILS = '↑↓ scroll · esc back · r run again · e explain · c curl · t test · q quit'
const NARROW = '↑↓ enter esc r e c t q'

/** The line that tells the keys. */
export function keysLine(columns: number, details: boolean): string {
  const keys = details ? DETAILS : LIST
  return keys.length <= columns ? keys : NARROW
}

/** The number of lines that a key moves by, on a screen of this height; undefined for any other key. */
export function stepOf(key: string | undefined, rows: number): number | undefined {
  return STEPS[key ?? '']?.(rows)
}

const STEPS: Readonly<Record<string, (rows: number) => number>> = {
  up: () => -1,
  k: () => -1,
  down: () => 1,
  j: () => 1,
  pageup: (rows) => -rows,
  pagedown: (rows) => rows,
  space: (rows) => rows,
  home: () => -Infinity,
  end: () => Number.MAX_SAFE_INTEGER,
}
