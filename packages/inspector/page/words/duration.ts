export const SECOND = 1000
export const MINUTE: number = 60 * SECOND
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR

/** Writes milliseconds as a duration: `3.5 ms`, `424 ms`, `1.2 s`, `23 min`, `6 h 12 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const value = Math.max(0, ms)
  if (value < 0.05) return '<0.1 ms'
  if (value < 9.95) return `${short(value)} ms`
  if (value < 999.5) return `${Math.round(value)} ms`
  if (value < 9.95 * SECOND) return `${short(value / SECOND)} s`
  if (value < 59.5 * SECOND) return `${Math.round(value / SECOND)} s`
  if (value < 59.5 * MINUTE) return `${Math.round(value / MINUTE)} min`
  if (value < DAY) return pair(value, HOUR, 'h', MINUTE, 'min')
  return pair(value, DAY, 'd', HOUR, 'h')
}

/** Writes how long ago something was: `just now`, `23 min ago`. */
export function howLongAgo(ms: number): string {
  return ms < SECOND ? 'just now' : `${duration(ms)} ago`
}

function short(value: number): string {
  return value.toFixed(1).replace('.0', '')
}

function pair(value: number, large: number, name: string, small: number, part: string): string {
  const parts = Math.round(value / small)
  const per = large / small
  const rest = parts % per
  return `${Math.floor(parts / per)} ${name}${rest === 0 ? '' : ` ${rest} ${part}`}`
}
