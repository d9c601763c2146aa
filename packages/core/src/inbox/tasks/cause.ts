import { createHash } from 'node:crypto'
import type { TaskError } from '../inbox.ts'

// Characters that count: a handler may throw megabytes.
const NAME = 200
const MESSAGE = 8192
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27,}$/i

/**
 * Groups errors that say the same of different things (`TaskInfo.cause`): 16 hexadecimal digits of a hash of name and
 * message, without ids and digits.
 *
 * @example
 * causeOf({ name: 'Error', message: 'no order 17' }) === causeOf({ name: 'Error', message: 'no order 18' }) // true
 */
export function causeOf({ name, message }: TaskError): string {
  const text = `${name.slice(0, NAME)}\n${message.slice(0, MESSAGE)}`.replaceAll(
    /[\w-]+/g,
    (word) => (/\d/.test(word) || UUID.test(word) ? '#' : word),
  )
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
