import { inertText } from '@postern/core/inert'
import type { LaneStats } from '@postern/core/inbox'
import type { HealthReply, Thing } from '../api/health.ts'
import type { Alert } from './alert.ts'

/** What needs a look now: the same thing has the same key for as long as it goes on. */
export interface Current extends Pick<Alert, 'kind' | 'text' | 'since' | 'receiver'> {
  readonly key: string
}

const LONGEST = 500

/** What of the page's things people are told of, and tasks that are due for longer than `late` milliseconds. */
export function currentOf(
  { things, at }: Pick<HealthReply, 'things' | 'at'>,
  lanes: readonly LaneStats[],
  late: number,
): readonly Current[] {
  return [
    ...things.flatMap((thing) => ofThing(thing) ?? []),
    ...lanes.flatMap(({ receiver, subscription, oldest }) =>
      oldest !== undefined && at - oldest > late
        ? [
            {
              key: keyOf('late', receiver, subscription),
              kind: 'late' as const,
              receiver,
              since: oldest,
              text: alertLine(`tasks of ${receiver} › ${subscription} wait since ${time(oldest)}`),
            },
          ]
        : [],
    ),
  ]
}

function ofThing(thing: Thing): Current | undefined {
  if (thing.kind === 'dead') {
    if (thing.isOver || thing.muted) return undefined
    const { cause, count, error, lanes, since } = thing
    const [lane] = lanes
    const place = lanes.map((one) => `${one.receiver} › ${one.subscription}`).join(', ')
    return {
      key:
        cause === undefined
          ? keyOf('dead', lane!.receiver, lane!.subscription)
          : keyOf('cause', cause),
      kind: 'dead',
      since,
      text: alertLine(
        `${count} dead: ${error.name}${error.message && `: ${error.message}`}, in ${place}`,
      ),
      ...(lanes.length === 1 && { receiver: lane!.receiver }),
    }
  }
  const { kind, receiver } = thing
  if (kind === 'refused') {
    const { code, count, of, proven, remedy, since } = thing
    const proof = proven === undefined ? '' : `, proven: ${proven}. ${remedy ?? ''}`
    const share = of === undefined ? '' : ` of ${of}`
    const text = alertLine(
      `${count}${share} deliveries of ${receiver} refused with ${code}${proof}`,
    )
    return { key: keyOf(kind, receiver, code), kind, receiver, since, text }
  }
  if (kind === 'silent') {
    const text = alertLine(`${receiver} is silent since ${time(thing.since)}`)
    return { key: keyOf(kind, receiver), kind, receiver, since: thing.since, text }
  }
  const text = alertLine(`the inbox of ${receiver} does not work: ${thing.message}`)
  return { key: keyOf(kind, receiver), kind, receiver, since: 0, text }
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts)
}

/** One line that is what it says. */
export function alertLine(text: string): string {
  const whole = inertText(text.replaceAll(/\s+/g, ' ').trim())
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST - 1)}…` : whole
}

function time(at: number): string {
  return new Date(at).toISOString()
}
