// What differs between the bytes that came and the bytes that were signed, as people would say it: a blank between two
// members never passes for a blank in a text, and an escape is one sign.

/** A run of bytes that is equal on both sides, or stands on one side alone. */
export interface Run {
  readonly kind: 'same' | 'came' | 'signed'
  readonly bytes: Uint8Array
}

interface Unit {
  readonly key: string
  readonly bytes: Uint8Array
}

// Signs that differ, at most: more are one change. The time is about their square.
const MOST_CHANGES = 3000

/** The runs of both bodies in their order. Joined, those that are not `signed` are what came, those that are not `came` what was signed. */
export function difference(came: Uint8Array, signed: Uint8Array): readonly Run[] {
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
    ...left.slice(0, start).map(({ bytes }): Run => ({ kind: 'same', bytes })),
    ...middle,
    ...left.slice(left.length - end).map(({ bytes }): Run => ({ kind: 'same', bytes })),
  ])
}

/** Signs of UTF-8, and escapes of JSON as one; what stands in a string is told from what stands between. */
function unitsOf(bytes: Uint8Array): readonly Unit[] {
  const units: Unit[] = []
  // Strings are those of JSON; elsewhere a quote is a sign as any other.
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

/** The fewest units that stand on one side alone: Myers, An O(ND) Difference Algorithm (1986). */
function shortest(left: readonly Unit[], right: readonly Unit[]): readonly Run[] {
  const all: Run[] = [
    ...left.map(({ bytes }): Run => ({ kind: 'came', bytes })),
    ...right.map(({ bytes }): Run => ({ kind: 'signed', bytes })),
  ]
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
  return all
}

/** The way back over what each step had reached. */
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

/** Neighbours of one kind as one run; of a change, what came stands before what was signed. */
function joined(runs: readonly Run[]): readonly Run[] {
  const found: Run[] = []
  let came: Uint8Array[] = []
  let signed: Uint8Array[] = []
  let same: Uint8Array[] = []
  const close = (kind: Run['kind'], parts: readonly Uint8Array[]): void => {
    if (parts.length > 0) found.push({ kind, bytes: concat(parts) })
  }
  for (const { kind, bytes } of runs) {
    if (kind === 'same') {
      close('came', came)
      close('signed', signed)
      came = []
      signed = []
      same.push(bytes)
      continue
    }
    close('same', same)
    same = []
    ;(kind === 'came' ? came : signed).push(bytes)
  }
  close('same', same)
  close('came', came)
  close('signed', signed)
  return found
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
