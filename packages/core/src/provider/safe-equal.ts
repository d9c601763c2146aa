import { timingSafeEqual } from 'node:crypto'
import { toBuffer } from '../body/bytes.ts'

/** Compares two strings in a time that depends only on their lengths. */
export function safeEqual(a: string, b: string): boolean {
  const left = toBuffer(a)
  const right = toBuffer(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
