// This module finds the difference between the received and the signed bytes. A character inside of a JSON string never
// matches a character outside of a string, such as a space between members. An escape such as `\n` counts as one
// character.

import { concat } from '../body/bytes.ts'
import { inertText } from '../inert.ts'

/** The difference between a received body and the signed body. */
export interface BodyDiff {
  /** One sentence that says how many bytes were received but not signed, and how many were signed but not received. */
  readonly summary: string
  /**
   * The bytes in order, as text that is safe to print. Parts of kind `came` are only in the received body, and parts of
   * kind `signed` only in the signed body. Parts of kind `same` are in both. `cut` stands for omitted bytes. Tabs and
   * line breaks are shown as visible signs, and in differences also spaces.
   */
  readonly parts: readonly { readonly kind: Run['kind'] | 'cut'; readonly text: string }[]
}

/**
 * Compares a received body with the body that verifies, which `explain` returns with the option `repaired`. Returns
 * undefined if the bodies are equal.
 *
 * @example
 * const { repaired } = await explain(delivery, provider, { repaired: true })
 * if (repaired) bodyDiff(delivery.body, repaired.body)?.summary // '3 bytes were signed that did not come'
 */
export function bodyDiff(came: Uint8Array, signed: Uint8Array): BodyDiff | undefined {
  const runs = difference(came, signed)
  const sizeOf = (kind: Run['kind']): number =>
    runs.reduce((sum, run) => (run.kind === kind ? sum + run.bytes.length : sum), 0)
  const added = sizeOf('came')
  const lost = sizeOf('signed')
  if (added + lost === 0) return undefined
  const counts = [
    ...(lost > 0
      ? [`${counted(lost)} ${lost === 1 ? 'was' : 'were'} signed that did not come`]
      : []),
    ...(added > 0
      ? [`${counted(added)} came that ${added === 1 ? 'was' : 'were'} not signed`]
      : []),
  ]
  const parts = runs.flatMap(({ kind, bytes }, at) =>
    kind === 'same'
      ? shortened(bytes, at === 0, at === runs.length - 1)
      : [{ kind, text: marked(bytes) }],
  )
  return { summary: counts.join(', '), parts: bounded(parts) }
}

const MOST = 1000

function bounded(parts: BodyDiff['parts']): BodyDiff['parts'] {
  let left = MOST
  const found: BodyDiff['parts'][number][] = []
  for (const { kind, text } of parts) {
    found.push({ kind, text: text.slice(0, left) })
    left -= text.length
    if (left <= 0) return [...found, { kind: 'cut', text: ' … and more' }]
  }
  return found
}

function counted(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`
}

// Number of equal characters to show next to a difference.
const AROUND = 40

function shortened(bytes: Uint8Array, isFirst: boolean, isLast: boolean): BodyDiff['parts'] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const same = (part: string): BodyDiff['parts'] =>
    part === '' ? [] : [{ kind: 'same', text: visible(part, /[\t\n\r\uFEFF]/) }]
  if (text.length <= AROUND * 3) return same(text)
  return [
    ...(isFirst ? [] : same(text.slice(0, AROUND))),
    { kind: 'cut', text: ` … ${bytes.length} equal bytes … ` },
    ...(isLast ? [] : same(text.slice(-AROUND))),
  ]
}

const SIGNS: Readonly<Record<string, string>> = {
  ' ': '·',
  '\t': '⇥',
  '\n': '↵',
  '\r': '␍',
  '\uFEFF': '[BOM]',
}

function visible(text: string, blanks: RegExp): string {
  return text
    .split(new RegExp(`(${blanks.source})`))
    .map((part) => SIGNS[part] ?? inertText(part))
    .join('')
}

/**
 * Returns the bytes of a difference as text, with visible signs for blanks. If the bytes are not UTF-8, returns hex
 * numbers.
 */
function marked(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return visible(text, /[ \t\n\r\uFEFF]/)
  } catch {
    return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  }
}

/** Consecutive bytes that are in both bodies, or in only one. */
interface Run {
  readonly kind: 'same' | 'came' | 'signed'
  readonly bytes: Uint8Array
}

interface Unit {
  readonly key: string
  readonly bytes: Uint8Array
}

// Maximum number of differing characters to compare, since the time grows with the square. Beyond this number, the
// complete bodies count as different.
const MOST_CHANGES = 3000

function difference(came: Uint8Array, signed: Uint8Array): readonly Run[] {
  const left = unitsOf(came)
  const right = unitsOf(signed)
  let start = 0
  const least = Math.min(left.length, right.length)
  while (start < least && left[start]!.key === right[start]!.key) start++
  let end = 0
  while (end < least - start && left.at(-1 - end)!.key === right.at(-1 - end)!.key) end++
  const middle = shortest(
    left.slice(start, left.length - end),
    right.slice(start, right.length - end),
  )
  return joined([
    ...runsOf('same', left.slice(0, start)),
    ...middle,
    ...runsOf('same', left.slice(left.length - end)),
  ])
}

/**
 * Splits UTF-8 bytes into characters; a JSON escape is one character. The `key` of a character starts with a mark for
 * its place, inside or outside of a JSON string. So equal characters in different places have different keys.
 */
function unitsOf(bytes: Uint8Array): readonly Unit[] {
  const units: Unit[] = []
  // Only JSON has strings. In other formats a quote is a normal character.
  const isJson = /^\s*[[{"]/.test(latin(bytes.subarray(0, 64)).replace(/^\u00EF\u00BB\u00BF/, ''))
  let isText = false
  for (let at = 0; at < bytes.length;) {
    const size = sizeAt(bytes, at, isText)
    const unit = bytes.subarray(at, at + size)
    const isQuote = isJson && unit[0] === 0x22
    units.push({ key: `${isText && !isQuote ? 't' : 'b'}${latin(unit)}`, bytes: unit })
    if (isQuote) isText = !isText
    at += size
  }
  return units
}

function sizeAt(bytes: Uint8Array, at: number, isText: boolean): number {
  const first = bytes[at]!
  if (first === 0x5c && isText) {
    const isUnicode = bytes[at + 1] === 0x75
    return Math.min(isUnicode ? 6 : 2, bytes.length - at)
  }
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1
  for (let next = 1; next < size; next++) if ((bytes[at + next]! & 0xc0) !== 0x80) return 1
  return size
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

/**
 * Finds the smallest set of units (characters) that only one side has: Myers, An O(ND) Difference Algorithm (1986).
 * `line` is a diagonal of the edit graph in that paper.
 */
function shortest(left: readonly Unit[], right: readonly Unit[]): readonly Run[] {
  const most = Math.min(left.length + right.length, MOST_CHANGES)
  const steps: Int32Array[] = []
  const furthest = new Int32Array(2 * most + 3)
  const middle = most + 1
  for (let changes = 0; changes <= most; changes++) {
    steps.push(furthest.slice(middle - changes - 1, middle + changes + 2))
    for (let line = -changes; line <= changes; line += 2) {
      const isDown =
        line === -changes ||
        (line !== changes && furthest[middle + line - 1]! < furthest[middle + line + 1]!)
      let x = isDown ? furthest[middle + line + 1]! : furthest[middle + line - 1]! + 1
      let y = x - line
      while (x < left.length && y < right.length && left[x]!.key === right[y]!.key) {
        x++
        y++
      }
      furthest[middle + line] = x
      if (x >= left.length && y >= right.length) return walked(left, right, steps)
    }
  }
  return [...runsOf('came', left), ...runsOf('signed', right)]
}

function runsOf(kind: Run['kind'], units: readonly Unit[]): readonly Run[] {
  return units.map(({ bytes }) => ({ kind, bytes }))
}

function walked(
  left: readonly Unit[],
  right: readonly Unit[],
  steps: readonly Int32Array[],
): readonly Run[] {
  const runs: Run[] = []
  let x = left.length
  let y = right.length
  for (let changes = steps.length - 1; changes >= 0; changes--) {
    const reached = (line: number): number => steps[changes]![line + changes + 1]!
    const line = x - y
    const isDown = line === -changes || (line !== changes && reached(line - 1) < reached(line + 1))
    const before = isDown ? line + 1 : line - 1
    const fromX = changes === 0 ? 0 : reached(before)
    const fromY = changes === 0 ? 0 : fromX - before
    while (x > fromX && y > fromY) {
      x--
      y--
      runs.push({ kind: 'same', bytes: left[x]!.bytes })
    }
    if (changes === 0) break
    if (isDown) runs.push({ kind: 'signed', bytes: right[--y]!.bytes })
    else runs.push({ kind: 'came', bytes: left[--x]!.bytes })
  }
  return runs.toReversed()
}

/** Joins neighboring runs of the same kind. In each difference, the received bytes come before the signed bytes. */
function joined(runs: readonly Run[]): readonly Run[] {
  const found: Run[] = []
  const parts: Record<Run['kind'], Uint8Array[]> = { same: [], came: [], signed: [] }
  const close = (...kinds: readonly Run['kind'][]): void => {
    for (const kind of kinds) {
      if (parts[kind].length > 0) found.push({ kind, bytes: concat(parts[kind]) })
      parts[kind] = []
    }
  }
  for (const { kind, bytes } of runs) {
    if (kind === 'same') close('came', 'signed')
    else close('same')
    parts[kind].push(bytes)
  }
  close('same', 'came', 'signed')
  return found
}
