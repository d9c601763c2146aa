import { concat, toBuffer } from '../../../body/bytes.ts'

/** The signed message: a string (its UTF-8 bytes), bytes, or both one after another. */
export type SignedMessage = string | Uint8Array | readonly (string | Uint8Array)[]

/** The parts of a message, to be fed to a hash one after another. */
export function messageParts(message: SignedMessage): readonly (string | Uint8Array)[] {
  return typeof message === 'string' || message instanceof Uint8Array ? [message] : message
}

/** The message as one run of bytes, for algorithms that take no parts. */
export function messageBytes(message: SignedMessage): Uint8Array {
  if (typeof message === 'string' || message instanceof Uint8Array) return toBuffer(message)
  return concat(message.map((part) => toBuffer(part)))
}
