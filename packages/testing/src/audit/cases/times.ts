import {
  type AuditCase,
  type AuditRequest,
  casesLike,
  headerOf,
  valueAt,
  withHeader,
  withValue,
} from '../request.ts'
import { skipUnless, NO_TIME } from './authentic.ts'
import { FORGERY } from './signatures.ts'
import type { AuditSender } from '../sender.ts'

const REPLAY = 'A delivery that was captured once, in a log or a proxy, can be replayed for ever.'
const NOT_IN_HEADER = 'the sender’s time is not in a header that can be changed'
const DAY = 86_400

export function oddTimeCases(sender: AuditSender): readonly AuditCase[] {
  const { tolerance } = sender.facts
  const untimely = casesLike({
    ...FORGERY,
    severity: 'high',
    why: REPLAY,
    remedy: 'freshness',
    ...skipUnless(tolerance !== undefined, NO_TIME),
  })
  const signedAt = (seconds: number) => (): AuditRequest =>
    sender.sign({ at: sender.now() + seconds * 1000 })
  const bound = tolerance ?? 0
  const moved = tolerance === undefined ? undefined : twoTimes(sender, bound)
  return [
    untimely('stale', `a delivery signed ${bound + 360} s ago`, signedAt(-(bound + 360))),
    untimely('stale-day', 'a delivery signed a day before it is too old', signedAt(-(bound + DAY))),
    untimely('future', 'a delivery signed for a time a day ahead', signedAt(bound + DAY), {
      severity: 'low',
      why: 'Only the sender can sign such a time. But a captured delivery would stay valid for a day, and could be replayed.',
    }),
    untimely(
      'time-swapped',
      'a delivery whose time was changed after it was signed',
      () => swapped(sender)!,
      {
        severity: 'critical',
        why: 'If the timestamp is not signed, an attacker can replay an old delivery with a new timestamp.',
        remedy: 'verify',
        ...skipUnless(swapped(sender) !== undefined, NOT_IN_HEADER),
      },
    ),
    untimely(
      'two-times',
      'an old delivery with a second, fresh time',
      () => twoTimes(sender, bound)!.map((request) => [request]),
      skipUnless(moved !== undefined, NOT_IN_HEADER),
    ),
  ]
}

/** Returns the header with the signed time, and the time in the header's unit (seconds or milliseconds). */
function timeOf(
  sender: AuditSender,
  request: AuditRequest,
  at: number,
): readonly [name: string, time: string] | undefined {
  if (sender.provider.covers.timestamp !== true) return undefined
  const seconds = String(Math.floor(at / 1000))
  for (const [name, value] of request.headers) {
    const found = new RegExp(`(?<!\\d)${seconds}(?:\\d{3})?(?!\\d)`).exec(value)
    if (found) return [name, found[0]]
  }
  return undefined
}

/** Returns a delivery whose time was moved by a second after signing. Returns undefined if no header has the time. */
function swapped(sender: AuditSender): AuditRequest | undefined {
  const at = sender.now()
  const request = sender.sign({ at })
  const found = timeOf(sender, request, at)
  if (!found) return undefined
  const [name, time] = found
  const later = String(Number(time) + (time.length > 11 ? 1000 : 1))
  return withHeader(request, name, headerOf(request, name)!.replace(time, later))
}

/**
 * Returns two old deliveries with an additional new time. One has the new time before the signed time, and the other
 * after it.
 */
function twoTimes(sender: AuditSender, tolerance: number): readonly AuditRequest[] | undefined {
  const at = sender.now() - (tolerance + 360) * 1000
  const request = sender.sign({ at })
  const found = timeOf(sender, request, at)
  if (!found) return undefined
  const [name, old] = found
  const fresh = String(Number(old) + (tolerance + 360) * (old.length > 11 ? 1000 : 1))
  const value = headerOf(request, name)!
  const { place } = sender.facts
  if (value === old)
    return [withHeader(request, name, old, fresh), withHeader(request, name, fresh, old)]
  const pair = new RegExp(`(\\w+=)${old}`).exec(value)
  if (!pair || !place || valueAt(request, place) !== value) return undefined
  const [whole, key] = pair
  return [`${key}${fresh},${whole}`, `${whole},${key}${fresh}`].map((both) =>
    withValue(request, place, value.replace(whole, both)),
  )
}
