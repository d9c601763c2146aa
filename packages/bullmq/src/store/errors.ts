import type { TaskError } from '@postern/core/inbox'
import { parsed } from '@postern/core/engine'

// BullMQ stores the message and the stack of an error, and its tools show both. The other members of a TaskError are in a last line
// of the stack.
const MORE = '\n    more: '

// Maximum lengths in characters. A handler may throw megabytes, and BullMQ writes each error into a stream of events too.
const NAME = 200
const MESSAGE = 8192
const STACK = 16_384
const LONGEST_MORE = 16_384

// Error codes of BullMQ (https://github.com/taskforcesh/bullmq) if the claim has lost the job: -1 no such job, -2 no lock, -3 another
// state, -6 the lock of another claim.
const FENCED: readonly unknown[] = [-1, -2, -3, -6]

/** True if the claim has lost the job. */
export function isFenced(error: unknown): boolean {
  return FENCED.includes((error as { code?: unknown } | undefined)?.code)
}

/** Returns the stack of an error with its other members at the end, as BullMQ stores it. */
export function keptStack({ name, message, stack, code, issues }: TaskError): string {
  const text = cut(stack ?? head(name, message), STACK)
  const given = JSON.stringify({ code, issues })
  const more = given.length > LONGEST_MORE ? JSON.stringify({ code }) : given
  // If the message has such a line too, the last one counts.
  return more === '{}' && !text.includes(MORE) ? text : text + MORE + more
}

/** Returns the message of an error, or its name if the message is empty: for BullMQ an empty reason means no error. */
export function reasonOf({ name, message }: TaskError): string {
  return message === '' ? name : message
}

/** Shortens name and message of an error. */
export function bounded(error: TaskError): TaskError {
  return { ...error, name: cut(error.name, NAME), message: cut(error.message, MESSAGE) }
}

/** Returns the error of a failed job from its reason and its stacks, of which the latest is the last. */
export function fromJob(reason: string, stacks: string): TaskError | undefined {
  if (reason === '') return undefined
  const latest = (parsed(stacks) as readonly unknown[] | null | undefined)?.at?.(-1)
  if (typeof latest !== 'string') return { name: 'Error', message: reason }
  const at = latest.lastIndexOf(MORE)
  const stack = at < 0 ? latest : latest.slice(0, at)
  const more = at < 0 ? undefined : parsed(latest.slice(at + MORE.length))
  const { code, issues } = (more ?? {}) as Pick<TaskError, 'code' | 'issues'>
  const name = /^([\w$.]+)(?::|\n|$)/.exec(stack)?.[1] ?? 'Error'
  // The reason of an error without a message is its name, and its stack does not start with the name twice.
  const message = reason === name && !stack.startsWith(head(name, name)) ? '' : reason
  return {
    name,
    message,
    ...(stack !== head(name, message) && { stack }),
    ...(code !== undefined && { code }),
    ...(issues && { issues }),
  }
}

function head(name: string, message: string): string {
  return `${name}: ${message}`
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`
}
