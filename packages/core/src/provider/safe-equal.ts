import { timingSafeEqual } from 'node:crypto'
import { toBuffer } from '../body/bytes.ts'

/** Returns true if the strings are equal. The time of the comparison depends only on their lengths. */
export function safeEqual(a: string, b: string): boolean {
  const left = toBuffer(a)
  const right = toBuffer(b)
  return left.length === right.length && timingSafeEqual(left, right)
}

/**
 * Returns the index of the key that equals the given string, or -1. Compares every key, so that the time does not
 * reveal which key matched.
 */
export function indexOfEqual(keys: readonly string[], given: string): number {
  let found = -1
  keys.forEach((key, at) => {
    if (safeEqual(key, given) && found < 0) found = at
  })
  return found
}
