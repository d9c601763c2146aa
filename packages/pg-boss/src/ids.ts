import { hash } from 'node:crypto'

/** Identity of an event: the same for each delivery of it, in each process. */
export function eventIdOf(receiver: string, key: string): string {
  return uuid(JSON.stringify([receiver, key]))
}

/** Identity of a task, which is its job's id in pg-boss. */
export function taskIdOf(
  receiver: string,
  key: string,
  subscription: string,
  part: string | undefined,
): string {
  return uuid(JSON.stringify([receiver, key, subscription, part ?? '']))
}

/** Identity of an order key, whatever its length. */
export function orderIdOf(receiver: string, orderKey: string): string {
  return uuid(JSON.stringify([receiver, 'order', orderKey]))
}

/** Identity of a fair key, whatever its length. */
export function fairIdOf(receiver: string, fairKey: string): string {
  return uuid(JSON.stringify([receiver, 'fair', fairKey]))
}

/** Identity of a guard. */
export function guardIdOf(receiver: string, key: string): string {
  return uuid(JSON.stringify([receiver, 'guard', key]))
}

/** Identity of a series of the history, by its name. */
export function seriesIdOf(name: string): string {
  return uuid(name)
}

/** Number of the advisory lock that guards an order key. */
export function lockOf(orderId: string): string {
  return String(BigInt.asIntN(64, BigInt(`0x${orderId.replaceAll('-', '').slice(16)}`)))
}

/** Name of a subscription's queue. pg-boss takes letters, digits and `_ - . /`; other characters are written as their bytes. */
export function queueNameOf(receiver: string, subscription: string): string {
  const name = `postern/${plain(receiver)}/${plain(subscription)}`
  if (name.length <= 150) return name
  const digest = hash('sha256', JSON.stringify([receiver, subscription]))
  return `${name.slice(0, 100)}/${digest.slice(0, 32)}`
}

/** True if a string has the form of an id. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text)
}

// Version 8 is for custom values (RFC 9562, section 5.8).
function uuid(text: string): string {
  const hex = hash('sha256', text)
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''),
  )
}
