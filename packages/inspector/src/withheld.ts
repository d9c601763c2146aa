import { relative } from 'node:path'
import type { InboxView, SubscriptionStats, TaskError } from '@postern/core/inbox'
import type { HealthReply } from './api/health.ts'
import type { TaskFailure } from './api/detail.ts'
import { SHOWN, inOrder, isCauseOver, type DeadThing } from './health/dead.ts'
import { countsPerStep, type Counted, type TimeSpan } from './span.ts'
import { ApiProblem } from './replies.ts'

/*
 * What visitors without `payloads` see. Their replies must not depend on payloads: if only payloads
 * differ, the replies are equal byte for byte. Error messages quote payloads, and causes are hashes
 * of messages. So these replies contain no messages, no causes and no groups by cause.
 */

/** The fields of `TaskFilter` that do not depend on payloads. */
const FIELDS: ReadonlySet<string> = new Set([
  'receiver',
  'subscription',
  'part',
  'provider',
  'state',
  'topic',
  'eventId',
  'id',
  'before',
  'after',
])

/** Throws an {@link ApiProblem} with status 403 if a field of the filter depends on payloads. */
export function withoutPayloads(filter: object): void {
  for (const [name, value] of Object.entries(filter))
    if (value !== undefined && !FIELDS.has(name))
      throw new ApiProblem(
        403,
        'not_allowed',
        `you may not see payloads, so you may not filter by ${name}, which reveals them`,
      )
}

export function shownFilter<Filter extends object>(filter: Filter): Partial<Filter> {
  return Object.fromEntries(
    Object.entries(filter).filter(([name]) => FIELDS.has(name)),
  ) as Partial<Filter>
}

const NAME = /^[A-Za-z_$][\w$.]{0,99}$/

/** Describes an error without its message: by its class, its code, and the line that threw it. */
export function withheldError(error: TaskError): TaskFailure {
  const { name, code } = error
  const place = placeOf(error)
  return {
    name: NAME.test(name) ? name : 'Error',
    message: [code, place && `thrown at ${place}`].filter(Boolean).join(', '),
    stack: undefined,
  }
}

const FRAME = /^ {4}at (?:.* \()?((?:file:\/\/)?[^()\s][^()]*):(\d+):\d+\)?$/

/**
 * Returns the file and line of the app that threw the error, or that called the library which threw it. Undefined if
 * the stack does not have the format of V8.
 */
function placeOf({ name, message, stack }: TaskError): string | undefined {
  // A message can contain lines that look like stack frames. So the whole message is cut off first.
  const heads = [`${name}: ${message}\n`, `${name}\n`]
  const head = heads.find((one) => stack?.startsWith(one))
  if (stack === undefined || head === undefined) return undefined
  for (const line of stack.slice(head.length).split('\n')) {
    const [, file, at] = FRAME.exec(line) ?? []
    if (file === undefined) continue
    if (/^node:|[/\\]node_modules[/\\]|^<|^native$/.test(file)) continue
    return `${nearest(file.replace(/^file:\/\//, ''))}:${at}`
  }
  return undefined
}

function nearest(file: string): string {
  const path = relative(process.cwd(), file)
  return path.startsWith('..') ? file.split(/[/\\]/).slice(-2).join('/') : path
}

// Maximum number of dead tasks to read per subscription. The newest task has the error of the issue, and the oldest
// task has its start.
const NEWEST = 100

/** Returns one issue per subscription with dead tasks. Causes are not used, since they are hashes of messages. */
export async function withheldThings(
  view: InboxView | undefined,
  lanes: readonly SubscriptionStats[],
  runs: readonly Counted[],
  span: TimeSpan,
  at: number,
  most: number = SHOWN,
): Promise<readonly DeadThing[]> {
  const dead = lanes
    .filter(({ counts }) => counts.dead > 0)
    .toSorted((one, other) => other.counts.dead - one.counts.dead)
    .slice(0, most)
  return inOrder(await Promise.all(dead.map(async (lane) => thingOf(lane))))

  async function thingOf({
    receiver,
    subscription,
    counts,
  }: SubscriptionStats): Promise<DeadThing> {
    const filter = { receiver, subscription, state: 'dead' as const, limit: NEWEST }
    const rows = (await view?.list(filter))?.rows ?? []
    const failed = runs.filter(
      (run) =>
        run.receiver === receiver &&
        run.subscription === subscription &&
        (run.value === 'retry' || run.value === 'dead'),
    )
    const error = rows[0]?.error
    const last = Math.max(
      ...failed.map(({ from }) => from),
      ...rows.map(({ receivedAt }) => receivedAt),
      0,
    )
    return {
      kind: 'dead',
      cause: undefined,
      error: error ? withheldError(error) : { name: 'Error', message: '' },
      subscriptions: [{ receiver, subscription, dead: counts.dead }],
      moreSubscriptions: 0,
      count: counts.dead,
      retrying: 0,
      since: Math.min(span.to, ...rows.map(({ receivedAt }) => receivedAt)),
      last,
      isOver: isCauseOver(failed, last, at),
      spark: countsPerStep(span, failed),
    }
  }
}

/** Returns how many subscriptions with dead tasks, and how many dead tasks, are missing in the shown rows. */
export function moreWithheldOf(
  shown: readonly DeadThing[],
  lanes: readonly SubscriptionStats[],
): HealthReply['more'] {
  const dead = lanes.filter(({ counts }) => counts.dead > 0)
  const sum = dead.reduce((all, { counts }) => all + counts.dead, 0)
  const left = sum - shown.reduce((all, { count }) => all + count, 0)
  return { causes: Math.max(0, dead.length - shown.length), dead: Math.max(0, left) }
}
