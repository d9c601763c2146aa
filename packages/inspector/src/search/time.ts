const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** An age such as `2h`, an ISO date, or milliseconds since 1970. */
export function searchTime(
  name: string,
  text: string | undefined,
  now: number,
): number | undefined {
  if (text === undefined) return undefined
  const days = ['today', 'yesterday'].indexOf(text)
  if (days >= 0) return new Date(now).setHours(0, 0, 0, 0) - days * UNITS['d']!
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (amount !== undefined) return now - Number(amount) * UNITS[unit!]!
  const time = /^\d{11,14}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(time))
    throw new TypeError(
      `${name}: is an age such as 30m, 2h or 7d, today, yesterday, or a date such as 2026-01-31T08:00Z`,
    )
  return time
}
