import { wholeBy } from '../../../../test/services/random.ts'

/** Random numbers from a seed: the same seed gives the same deliveries. */
export interface Random {
  /** Returns an integer that is at least 0 and below `below`. */
  (below: number): number
  of<T>(list: readonly T[]): T
  text(alphabet: string, length: number): string
  bytes(length: number): Uint8Array
}

export function randomOf(seed: number | string): Random {
  const next = wholeBy(typeof seed === 'number' ? seed : hashOf(seed))
  const random = (below: number): number => next() % below
  return Object.assign(random, {
    of: <T>(list: readonly T[]): T => list[random(list.length)]!,
    text: (alphabet: string, length: number): string =>
      Array.from({ length }, () => alphabet[random(alphabet.length)]).join(''),
    bytes: (length: number): Uint8Array => Uint8Array.from({ length }, () => random(256)),
  })
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  return hash
}
