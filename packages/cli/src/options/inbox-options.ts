import type { TaskFilter, TaskState } from '@postern/core/inbox'
import type { InboxOptions } from '../inboxes.ts'
import { requireOneOf } from './checked-options.ts'
import { sinceOption } from './time-option.ts'

/** Options of the commands on an inbox. */
export interface InboxCommandOptions extends InboxOptions {
  readonly receiver?: string
  readonly provider?: string
  readonly subscription?: string
  readonly part?: string
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
}

const STATES: readonly TaskState[] = ['pending', 'running', 'done', 'dead']

/** The filter of the options: unknown states are refused here, unknown members by the inbox. */
export function filterOf(options: InboxCommandOptions): TaskFilter {
  const { receiver, provider, subscription, part, topic, eventId, id, cause, text } = options
  if (options.state !== undefined) requireOneOf('--state', options.state, STATES)
  const given = {
    receiver,
    provider,
    subscription,
    part,
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
