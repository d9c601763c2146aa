/** Milliseconds, for retry spans. */
export const HOUR = 3_600_000
/** Milliseconds, for retry spans. */
export const DAY: number = 24 * HOUR
/** Bytes, for limits. */
export const KIB = 1024
/** Bytes, for limits. */
export const MIB: number = 1024 * KIB
/** Content type most senders use. */
export const JSON_TYPE = 'application/json'
/** Content type of HTML forms. */
export const FORM_TYPE = 'application/x-www-form-urlencoded'
