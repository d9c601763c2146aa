import type { WebhookError } from '../../errors.ts'
import type { Clue } from '../finding.ts'

// 2001-09-09: earlier is a time in seconds that was read as milliseconds, or the other way.
const EARLIEST = 1e12
// The year 2603.
const LATEST = 2e13

/** A time that a delivery may have been signed at, and what that means. */
export interface Shift {
  readonly at: number
  readonly steps: readonly Clue[]
}

/** The signed times that a refusal may be about: the one it tells of, else those in the headers. */
export function shiftsOf(
  error: WebhookError,
  now: number,
  headers: ReadonlyMap<string, readonly string[]>,
): readonly Shift[] {
  const past = error.code === 'timestamp_too_old'
  if (!past && error.code !== 'timestamp_in_future') return []
  const { seconds: told } = error
  const times = told === undefined ? timesIn(headers) : [now + (past ? -1000 : 1000) * told]
  return times.flatMap((at) => {
    const seconds = Math.round(Math.abs(at - now) / 1000)
    if (at < EARLIEST || at > LATEST)
      return { at, steps: [{ ...clockUnit('the signed time'), guessed: true }] }
    return at < now === past ? { at, steps: [past ? stale(seconds) : skew(seconds)] } : []
  })
}

const MOST = 4

function timesIn(headers: ReadonlyMap<string, readonly string[]>): readonly number[] {
  const found = new Set<number>()
  for (const [value = ''] of [...headers.values()].slice(0, 100))
    for (const [digits] of value.slice(0, 2048).matchAll(/(?<!\d)1\d{9}(?:\d{3})?(?!\d)/g))
      found.add(digits.length === 10 ? Number(digits) * 1000 : Number(digits))
  return [...found].slice(0, MOST)
}

/** A time in another unit than the sender's documentation has. */
export function clockUnit(where: string): Clue {
  return {
    cause: 'clock-unit',
    message: `${where} is in another unit than this sender uses, such as milliseconds in place of seconds`,
    remedy:
      'pass the header on as it came; if the sender really signs this unit, set it where the provider has an option for it',
  }
}

/** Seconds as people say them. */
function span(seconds: number): string {
  const units = [
    [86_400, 'days'],
    [3_600, 'hours'],
    [60, 'minutes'],
  ] as const
  for (const [size, name] of units)
    if (seconds >= 2 * size) return `${Math.round(seconds / size)} ${name}`
  return `${seconds} seconds`
}

function stale(seconds: number): Clue {
  return {
    cause: 'stale',
    message: `the delivery was signed ${span(seconds)} before it was judged, longer ago than the tolerance allows; the signature itself matches`,
    remedy:
      'let the sender deliver it again; a stored delivery is judged by the time at which it came, which is the option now of explain',
  }
}

function skew(seconds: number): Clue {
  return {
    cause: 'clock-skew',
    message: `the delivery was signed ${span(seconds)} ahead of this clock; the signature itself matches`,
    remedy: 'set the clock of this machine by NTP, or that of the sender',
  }
}
