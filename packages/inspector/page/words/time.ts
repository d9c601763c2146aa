import { store, stored } from '../data/stored.ts'
import { HOUR, MINUTE } from './duration.ts'

let inUtc = stored('utc') === '1'

/** True if times are shown in UTC, else in the reader's zone. */
export function isUtc(): boolean {
  return inUtc
}

/** Shows times in UTC or in the reader's zone, now and at the next visit. */
export function setUtc(value: boolean): void {
  inUtc = value
  formats.clear()
  store('utc', value ? '1' : '0')
}

/** Milliseconds by which this machine's clock is ahead of the server's. */
let ahead = 0

/** Sets the server's current time. Times of deliveries are times of the server. */
export function setServerTime(now: number): void {
  const off = Date.now() - now
  ahead = Math.abs(off) < 2000 ? 0 : off
}

export function now(): number {
  return Date.now() - ahead
}

/** Writes a time as `17:04:55`, or as `24 Nov 17:04:55` if it is not today. */
export function clock(at: number): string {
  return withDay(at, format({ hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at))
}

/** Writes a time as `17:04`, with the day if it is not today. */
export function clockTime(at: number): string {
  return withDay(at, format({ hour: '2-digit', minute: '2-digit' }).format(at))
}

/** Returns `17:04` or `24 Nov`, for the axis of a chart of this span. */
export function axisTime(at: number, span: number): string {
  return span > 72 * HOUR
    ? format({ day: 'numeric', month: 'short' }).format(at)
    : format({ hour: '2-digit', minute: '2-digit' }).format(at)
}

const ROUND = [5, 15, 30, 60, 180, 360, 720, 1440, 4320, 10_080].map((minutes) => minutes * MINUTE)

/** Returns round times of the reader's zone between two times, no more than `most`. */
export function roundTimes(from: number, until: number, most: number): readonly number[] {
  const width = ROUND.find((one) => (until - from) / one <= most) ?? until - from
  const zone = inUtc ? 0 : new Date(from).getTimezoneOffset() * MINUTE
  const edge = (until - from) * 0.04
  const times: number[] = []
  for (
    let at = Math.ceil((from + edge - zone) / width) * width + zone;
    at < until - edge;
    at += width
  )
    times.push(at)
  return times
}

/** Writes a time as `17:04:55.909`, with the day if it is not today. */
export function exact(at: number): string {
  return `${clock(at)}.${String(Math.floor(at) % 1000).padStart(3, '0')}`
}

export function iso(at: number): string {
  return new Date(at).toISOString()
}

export function zone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

function withDay(at: number, time: string): string {
  const day = format({ day: 'numeric', month: 'short' })
  const shown = day.format(at)
  if (shown === day.format(now())) return time
  return `${shown} ${time}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = Object.entries(parts).join()
  const known = formats.get(name)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-GB', {
    ...parts,
    hourCycle: 'h23',
    ...(inUtc ? { timeZone: 'UTC' } : {}),
  })
  formats.set(name, made)
  return made
}
