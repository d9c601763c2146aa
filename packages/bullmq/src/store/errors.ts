import type { TaskError } from '@postern/core/inbox'
import { parsed } from '@postern/core/engine'

// BullMQ keeps the message and the stack of an error, and its tools show both. The other members of a TaskError are
// written into the stack, as a line of its own at the end.
const MORE = '\n    more: '

// A handler may throw megabytes, and BullMQ writes each error into a stream of events too.
const NAME = 200
const MESSAGE = 8192
const STACK = 16_384
const LONGEST_MORE = 16_384

// https://github.com/taskforcesh/bullmq: codes of errors after which the claim no longer has the job. -1 no such
// job, -2 no lock, -3 not in that state, -6 the lock of another claim.
const FENCED: readonly unknown[] = [-1, -2, -3, -6]

/** True if BullMQ refused since the claim no longer has the job. */
export function isFenced(error: unknown): boolean {
  return FENCED.includes((error as { code?: unknown } | undefined)?.code)
}

/** The error as BullMQ keeps it: its stack, with its other members at the end. */
export function keptStack({ name, message, stack, code, issues }: TaskError): string {
  const text = cut(stack ?? head(name, message), STACK)
  const given = JSON.stringify({ code, issues })
  const more = given.length > LONGEST_MORE ? JSON.stringify({ code }) : given
  // A message may hold such a line: the last one counts.
  return more === '{}' && !text.includes(MORE) ? text : text + MORE + more
}

/** The reason that BullMQ keeps of an error: its message, or its name if it has none, since no reason means no error. */
export function reasonOf({ name, message }: TaskError): string {
  return message === '' ? name : message
}

/** An error within the bounds of what is stored. */
export function bounded(error: TaskError): TaskError {
  return { ...error, name: cut(error.name, NAME), message: cut(error.message, MESSAGE) }
}

/** The error of a job that failed: its reason and its stacks, the latest last, as BullMQ keeps them. */
export function fromJob(reason: string, stacks: string): TaskError | undefined {
  if (reason === '') return undefined
  // BullMQ adds reasons as JSON where it writes them with the job, and as they are where it changes them.
  const latest = (parsed(stacks) as readonly unknown[] | null | undefined)?.at?.(-1)
  if (typeof latest !== 'string') return { name: 'Error', message: reason }
  const at = latest.lastIndexOf(MORE)
  const stack = at < 0 ? latest : latest.slice(0, at)
  const more = at < 0 ? undefined : parsed(latest.slice(at + MORE.length))
  const { code, issues } = (more ?? {}) as Pick<TaskError, 'code' | 'issues'>
  const name = /^([\w$.]+)(?::|\n|$)/.exec(stack)?.[1] ?? 'Error'
  // An error without a message has its name as the reason, and a stack that does not start with the name twice.
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
