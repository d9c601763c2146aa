import { randomBytes } from 'node:crypto'

/** A new secret of 256 random bits, in letters, digits, `-` and `_`: every sender here takes those. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}
