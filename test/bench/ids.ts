import { randomBytes } from 'node:crypto'

/** Characters of an id. */
export const ID_LENGTH = 16

/**
 * Makes ids that never repeat in this process and, by chance, in no other. They come in no order, as senders' ids do:
 * counted ones would favour engines that keep them sorted. A mixed counter costs far less than a random value each.
 */
export function createIds(): () => string {
  const run = randomBytes(4).toString('hex')
  let sequence = randomBytes(4).readUInt32LE()
  return () => {
    sequence = (sequence + 1) | 0
    return mix(sequence).toString(16).padStart(8, '0') + run
  }
}

/** The finalizer of MurmurHash3, which gives each of the 2^32 numbers another one. */
function mix(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
