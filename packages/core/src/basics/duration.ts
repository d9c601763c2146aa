const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds as a number, or a string such as `500ms`, `30s`, `5m`, `2h`, `4d`. */
export type Duration = number | `${number}${keyof typeof UNITS}`

/** The longest wait `setTimeout` takes, in milliseconds; a longer one fires at once. */
export const MAX_TIMER: number = 2 ** 31 - 1

/** Milliseconds of a {@link Duration}. Throws a `TypeError` that names the option if the value is no duration. */
export function milliseconds(value: Duration, option: string): number {
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null
  if (!match) {
    throw new TypeError(
      `${option} must be milliseconds or a string such as '30s', '5m' or '4d', got ${JSON.stringify(value)}`,
    )
  }
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
}
