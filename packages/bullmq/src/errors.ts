import type { TaskError } from '@postern/core/inbox'

// BullMQ keeps the message and the stack of an error, and its tools show both. What else a TaskError holds is written
// into the stack, as a line of its own at the end.
const ISSUES = '\n    issues: '

/** The error BullMQ is to store. */
export function toError({ name, message, stack, issues }: TaskError): Error {
  const error = new Error(message)
  error.stack = `${stack ?? head(name, message)}${issues ? ISSUES + JSON.stringify(issues) : ''}`
  return error
}

/** The error of a job that failed: its reason and its stacks, the latest last, as BullMQ keeps them. */
export function fromJob(reason: string, stacks: string): TaskError | undefined {
  if (reason === '') return undefined
  // BullMQ adds reasons as JSON where it writes them with the job, and as they are where it changes them.
  const latest = (parse(stacks) as string[] | undefined)?.at(-1)
  if (typeof latest !== 'string') return { name: 'Error', message: reason }
  const at = latest.lastIndexOf(ISSUES)
  const stack = at < 0 ? latest : latest.slice(0, at)
  const issues =
    at < 0 ? undefined : (parse(latest.slice(at + ISSUES.length)) as TaskError['issues'])
  const name = /^([\w$.]+)(?::|\n|$)/.exec(stack)?.[1] ?? 'Error'
  return {
    name,
    message: reason,
    ...(stack !== head(name, reason) && { stack }),
    ...(issues && { issues }),
  }
}

function head(name: string, message: string): string {
  return `${name}: ${message}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
