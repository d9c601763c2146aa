/** One hour, in milliseconds. */
export const HOUR = 3_600_000
/** One day, in milliseconds. */
export const DAY: number = 24 * HOUR
export const KIB = 1024
export const MIB: number = 1024 * KIB
export const JSON_TYPE = 'application/json'
export const FORM_TYPE = 'application/x-www-form-urlencoded'
