import type { TaskError } from '@postern/core/inbox'
import { parsed } from '@postern/core/engine'

// BullMQ stores the message and the stack of an error, and its tools show both. The other properties of a TaskError are
// stored in an additional last line of the stack.
const MORE = '\n    more: '

// Maximum lengths in characters. A handler may throw an error with megabytes, and BullMQ also writes each error into a
// stream of events.
const NAME = 200
const MESSAGE = 8192
const STACK = 16_384
const LONGEST_MORE = 16_384

// BullMQ's error codes (https://github.com/taskforcesh/bullmq) if the claim has lost the job. -1: job does not exist;
// -2: no lock; -3: job is in another state; -6: lock of another claim.
const FENCED: readonly unknown[] = [-1, -2, -3, -6]

/** Returns true if the error means that the claim has lost the job. */
export function isFenced(error: unknown): boolean {
  return FENCED.includes((error as { code?: unknown } | undefined)?.code)
}

/** Returns the stack of an error in the form in which BullMQ stores it, with the other properties in its last line. */
export function keptStack({ name, message, stack, code, issues }: TaskError): string {
  const text = cut(stack ?? head(name, message), STACK)
  const given = JSON.stringify({ code, issues })
  const more = given.length > LONGEST_MORE ? JSON.stringify({ code }) : given
  // `fromJob` parses the last `more` line. If the stack itself contains such a line, the line `more: {}` must follow.
  return more === '{}' && !text.includes(MORE) ? text : text + MORE + more
}

/** Returns the name if the message is empty, since for BullMQ an empty reason means no error. */
export function reasonOf({ name, message }: TaskError): string {
  return message === '' ? name : message
}

export function bounded(error: TaskError): TaskError {
  return { ...error, name: cut(error.name, NAME), message: cut(error.message, MESSAGE) }
}

/** Returns the error of a failed job from its reason and its list of stacks. The last stack is the latest. */
export function fromJob(reason: string, stacks: string): TaskError | undefined {
  if (reason === '') return undefined
  const latest = (parsed(stacks) as readonly unknown[] | null | undefined)?.at?.(-1)
  if (typeof latest !== 'string') return { name: 'Error', message: reason }
  const at = latest.lastIndexOf(MORE)
  const stack = at < 0 ? latest : latest.slice(0, at)
  const more = at < 0 ? undefined : parsed(latest.slice(at + MORE.length))
  const { code, issues } = (more ?? {}) as Pick<TaskError, 'code' | 'issues'>
  const name = /^([\w$.]+)(?::|\n|$)/.exec(stack)?.[1] ?? 'Error'
  // For an error without a message, the name is stored as BullMQ's reason. But if the stack starts with `name: name`,
  // the error has a message that equals its name.
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
