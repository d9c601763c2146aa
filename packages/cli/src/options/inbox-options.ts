import type { TaskFilter, TaskState } from '@postern/core/inbox'
import type { InboxOptions } from '../inboxes.ts'
import { requireOneOf } from './checked-options.ts'
import { type ExitCode, agreed, remark, say, sayJson, Failure } from '../print/say.ts'

export interface InboxCommandOptions extends InboxOptions {
  readonly receiver?: string
  readonly provider?: string
  readonly subscription?: string
  readonly child?: string
  readonly state?: string
  readonly topic?: string
  readonly eventId?: string
  readonly id?: string
  readonly cause?: string
  readonly text?: string
  readonly since?: string
  readonly until?: string
  readonly outcome?: string
  readonly code?: string
  readonly limit: string
  readonly rate?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly output?: string
}

const STATES: readonly TaskState[] = ['pending', 'running', 'done', 'dead']

export function filterOf(options: InboxCommandOptions): TaskFilter {
  const { receiver, provider, subscription, child, topic, eventId, id, cause, text } = options
  if (options.state !== undefined) requireOneOf('--state', options.state, STATES)
  const given = {
    receiver,
    provider,
    subscription,
    part: child,
    topic,
    eventId,
    id,
    cause,
    text,
    state: options.state,
    after: sinceOption('--since', options.since),
    before: sinceOption('--until', options.until),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

interface Change {
  readonly total: number
  readonly says: string
  /** Message if nothing matches. The exit code is then `ifNone`. */
  readonly none: string
  readonly ifNone: ExitCode
}

/**
 * Prints the planned change and asks for confirmation. Returns undefined to continue. Returns an exit code if nothing
 * matches, in a dry run, or if the answer is no.
 */
export async function askFirst(
  { total, says, none, ifNone }: Change,
  { json, dryRun, yes }: InboxCommandOptions,
): Promise<ExitCode | undefined> {
  if (json && (total === 0 || dryRun)) sayJson({ count: total, ...(dryRun && { dryRun: true }) })
  if (total === 0) {
    remark(none)
    return ifNone
  }
  if (dryRun) {
    if (!json) say(says)
    return 0
  }
  if (yes || (await agreed(says))) return undefined
  remark('nothing was changed')
  return 1
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Parses an age such as `2h`, or an ISO date. Returns milliseconds since 1970, or undefined if the option is not given.
 */
export function sinceOption(
  name: string,
  text: string | undefined,
  now: number = Date.now(),
): number | undefined {
  if (text === undefined) return undefined
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? []
  const time = amount === undefined ? Date.parse(text) : now - Number(amount) * UNITS[unit!]!
  if (Number.isNaN(time))
    throw new Failure(
      2,
      `${name} must be an age such as 30m, 2h or 7d, or an ISO date, got ${text}`,
    )
  return time
}
