import { Failure } from '../print/failure.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A point in time: an age such as `2h`, or an ISO date. Milliseconds since 1970; undefined if none is given. */
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
