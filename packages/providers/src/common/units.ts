/** Milliseconds. */
export const HOUR = 3_600_000
/** Milliseconds. */
export const DAY: number = 24 * HOUR
/** Bytes. */
export const KIB = 1024
/** Bytes. */
export const MIB: number = 1024 * KIB
export const JSON_TYPE = 'application/json'
export const FORM_TYPE = 'application/x-www-form-urlencoded'
