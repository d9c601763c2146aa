import { createHash } from 'node:crypto'
import type { TaskError } from '@postern/core/inbox'

// Kept of an error: a handler may throw megabytes.
const NAME = 200
const MESSAGE = 8192
const STACK = 16_384

/** Groups errors that say the same of different things: a hash of name and message without digits and ids. */
export function causeOf({ name, message }: TaskError): string {
  const text = `${cut(name, NAME)}\n${cut(message, MESSAGE)}`
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27,}/gi, '#')
    .replaceAll(/[\w-]*\d[\w-]*/g, '#')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** An error as it is stored, bounded. */
export function errorTextOf(error: TaskError): string {
  const { name, message, stack } = error
  return JSON.stringify({
    ...error,
    name: cut(name, NAME),
    message: cut(message, MESSAGE),
    ...(stack !== undefined && { stack: cut(stack, STACK) }),
  })
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`
}
