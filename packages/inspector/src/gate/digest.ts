import { createHash } from 'node:crypto'
import { safeEqual } from '@postern/core/scheme'

/** The SHA-256 of a text in hex. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Compares two secrets in a time that tells nothing about either, its length included. */
export function digestEqual(one: string, other: string): boolean {
  return safeEqual(digest(one), digest(other))
}
