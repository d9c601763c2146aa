/**
 * Throws a `TypeError` for the first unknown option in `given`, such as a typo, which would otherwise be ignored
 * silently. `what` is the name of the called function, for the message.
 */
export function unknownOptions(what: string, given: unknown, known: readonly string[]): void {
  if (given === undefined) return
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`${what}: options must be an object, got ${kindOf(given)}`)
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    throw new TypeError(
      near === undefined
        ? `${what}: unknown option ${name}; known are ${known.join(', ')}`
        : `${what}: unknown option ${name}; did you mean ${near}?`,
    )
  }
}

/** Throws a `TypeError` for an option that is null. Otherwise null would count as an omitted option. */
export function rejectNull(what: string, options: object): void {
  for (const [name, value] of Object.entries(options))
    if (value === null) throw new TypeError(`${what}: ${name} must not be null; leave it out`)
}

export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== 'function')
    throw new TypeError(`${what} must be a function, got ${kindOf(value)}`)
}

export function checkObject(what: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${what} must be an object, got ${kindOf(value)}`)
}

/**
 * Returns the known name that differs from `name` by the fewest characters; undefined if more than a third of the
 * characters differ.
 *
 * @example
 * nearest('sqlit', ['sqlite', 'postgres']) // 'sqlite'
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const other of known) {
    const changes = distance(name.toLowerCase(), other.toLowerCase())
    if (changes < least) {
      best = other
      least = changes
    }
  }
  return best
}

export function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++)
      next.push(
        Math.min(
          row[j]! + 1,
          next[j - 1]! + 1,
          row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[other.length]!
}

/**
 * Returns the kind of a value, for messages. For a string, the result does not contain the text, which can be a secret.
 */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/**
 * Creates the `TypeError` for a wrong option of `createReceiver`. `remedy` says how to fix the option, if the expected
 * value does not make that clear.
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
