import fc, { type Arbitrary } from 'fast-check'

/** Change of bytes. Its position is relative to their length. */
type Edit = (bytes: Uint8Array) => Uint8Array

/** Returns changes of bytes: flips, removals, repetitions, cuts, or insertions of one of the pieces. */
export function edits(pieces: readonly string[]): Arbitrary<Edit> {
  const place = fc.integer({ min: 0, max: 9999 })
  const short = fc.integer({ min: 1, max: 16 })
  const put = fc.oneof(
    fc.constantFrom(...pieces).map((piece) => Buffer.from(piece)),
    fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  )
  return fc.oneof(
    fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([where, bits]): Edit => {
      return (bytes) => {
        const changed = Uint8Array.from(bytes)
        if (changed.length > 0) changed[at(bytes, where)]! ^= bits
        return changed
      }
    }),
    fc.tuple(place, put).map(([where, piece]): Edit => {
      return (bytes) => splice(bytes, at(bytes, where), 0, piece)
    }),
    fc.tuple(place, short).map(([where, count]): Edit => {
      return (bytes) => splice(bytes, at(bytes, where), count, EMPTY)
    }),
    fc.tuple(place, place, short).map(([from, to, count]): Edit => {
      return (bytes) => {
        const start = at(bytes, from)
        return splice(bytes, at(bytes, to), 0, bytes.subarray(start, start + count))
      }
    }),
    place.map(
      (where): Edit =>
        (bytes) =>
          bytes.subarray(0, at(bytes, where)),
    ),
  )
}

export function mutated(
  originals: readonly Uint8Array[],
  pieces: readonly string[],
): Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(edits(pieces), { minLength: 1, maxLength: 4 }))
    .map(([original, changes]) => changes.reduce((bytes, change) => change(bytes), original))
}

/** Returns one of the texts with one to four changes of its Latin-1 bytes. */
export function mutatedText(
  originals: readonly string[],
  pieces: readonly string[],
): Arbitrary<string> {
  return mutated(
    originals.map((text) => Buffer.from(text, 'latin1')),
    pieces,
  ).map((bytes) => Buffer.from(bytes).toString('latin1'))
}

/** Returns a text that consists of the pieces, sometimes an arbitrary text. */
export function pieced(pieces: readonly string[], maxLength = 24): Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
  )
  return fc.array(piece, { maxLength }).map((all) => all.join(''))
}

const EMPTY = new Uint8Array(0)

function at(bytes: Uint8Array, place: number): number {
  return Math.floor((bytes.length * place) / 10_000)
}

function splice(bytes: Uint8Array, start: number, count: number, piece: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(start + count)])
}

export function chars(text: string): readonly string[] {
  return text.split('')
}
