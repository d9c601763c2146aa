/** Milliseconds of a `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. Undefined for any other value. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000
  // An HTTP date names its day; Date.parse alone takes far more than dates. Of its three forms (5.6.7), asctime's names no
  // zone and is in UTC.
  const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)
    ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
    : NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
