/**
 * The error of an option of `createReceiver`: which, what it must be, what it is, and why or the way out if these do not
 * say it.
 */
export function wrongOption(
  option: string,
  expected: string,
  got: unknown,
  remedy?: string,
): TypeError {
  const more = remedy === undefined ? '' : `; ${remedy}`
  return new TypeError(`createReceiver: ${option} must be ${expected}, got ${String(got)}${more}`)
}
