import type { WebhookError } from '../../errors.ts'
import { type Clue, withHeaders, type Change, type PlainRequest, type Reads } from '../finding.ts'

// 2001-09-09 in milliseconds. An earlier time means that the timestamp is in another unit than the provider reads.
const EARLIEST = 1e12
// The year 2603 in milliseconds. A later time means a wrong unit too.
const LATEST = 2e13

/**
 * A time at which to verify the delivery again. If the delivery verifies at `at`, the causes in `steps` are proven.
 */
export interface Shift {
  readonly at: number
  readonly steps: readonly Clue[]
}

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

export function clockUnit(where: string): Clue {
  return {
    cause: 'clock-unit',
    message: `${where} is not in the unit of this sender, such as milliseconds instead of seconds`,
    remedy:
      "forward the header unchanged; if the sender really signs this unit, set the provider's option for it",
  }
}

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
    message: `the delivery was signed ${span(seconds)} before it was checked, which is more than the tolerance; the signature itself matches`,
    remedy:
      'ask the sender to redeliver; for a stored delivery, set the option now of explain to the time when it arrived',
  }
}

function skew(seconds: number): Clue {
  return {
    cause: 'clock-skew',
    message: `the delivery was signed ${span(seconds)} ahead of this clock; the signature itself matches`,
    remedy: 'synchronize the clocks of this machine and of the sender with NTP',
  }
}

/**
 * Yields requests with the times of their headers in other units. `sample` contains the headers of a test delivery,
 * which show the unit that this sender uses.
 */
export function* clockUnits(
  request: PlainRequest,
  reads: Reads,
  sample: ReadonlyMap<string, string>,
): Generator<Change> {
  for (const name of reads.headers) {
    const value = request.headers.get(name)?.[0]
    if (value === undefined || value.length > 8192) continue
    for (const other of unitsOf(value, sample.get(name)))
      yield {
        request: withHeaders(request, { [name]: [other] }),
        steps: [clockUnit(`the time in ${name}`)],
      }
  }
}

/** Returns true if a header that verification read has a time of 13 digits, so in milliseconds. */
export function hasMilliseconds(request: PlainRequest, reads: Reads): boolean {
  return [...reads.headers].some((name) =>
    /(?<!\d)1\d{12}(?!\d)/.test(request.headers.get(name)?.[0]?.slice(0, 8192) ?? ''),
  )
}

const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)/

function* unitsOf(value: string, sample: string | undefined): Generator<string> {
  const milliseconds = value.replace(/(?<!\d)(1\d{9})\d{3}(?!\d)/, '$1')
  if (milliseconds !== value) yield milliseconds
  const fraction = value.replace(/(?<!\d)(1\d{9})\.\d+/, '$1')
  if (fraction !== value) yield fraction
  const seconds = /(?<!\d)1\d{9}(?!\d)/.exec(value)?.[0]
  if (seconds !== undefined) {
    yield value.replace(seconds, `${seconds}000`)
    yield value.replace(seconds, isoOf(Number(seconds) * 1000))
    // The sender signs milliseconds, but this time has only seconds. All 1,000 values of the lost digits are tried.
    if (sample !== undefined && /(?<!\d)1\d{12}(?!\d)/.test(sample))
      for (let rest = 1; rest < 1000; rest++)
        yield value.replace(seconds, seconds + String(rest).padStart(3, '0'))
  }
  const iso = ISO.exec(value)?.[0]
  const time = iso === undefined ? NaN : Date.parse(iso)
  if (!Number.isNaN(time)) {
    yield value.replace(iso!, String(Math.floor(time / 1000)))
    yield value.replace(iso!, String(time))
  } else if (/^\w{3}, \d/.test(value) && !Number.isNaN(Date.parse(value))) {
    yield String(Math.floor(Date.parse(value) / 1000))
    yield String(Date.parse(value))
  }
}

function isoOf(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z')
}
