import { randomBytes } from 'node:crypto'

/** Length of an id, in characters. */
export const ID_LENGTH = 16

/**
 * Creates ids that do not repeat in this process and are unlikely to repeat in others. They are not in order, as
 * providers' ids are not either: sequential ids would favor engines that sort them. Mixing a counter costs far less
 * than a random value per id.
 */
export function createIds(): () => string {
  const run = randomBytes(4).toString('hex')
  let sequence = randomBytes(4).readUInt32LE()
  return () => {
    sequence = (sequence + 1) | 0
    return mix(sequence).toString(16).padStart(8, '0') + run
  }
}

/** MurmurHash3's finalizer, which maps each 32-bit number to a different one. */
function mix(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
