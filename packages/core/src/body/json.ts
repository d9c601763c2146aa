import { weighMarks } from '../basics/room.ts'
import { WebhookError } from '../errors.ts'
import { dropPoison } from './safe-keys.ts'

interface JsonOptions {
  readonly depth: number
  /** Name of the option that sets `depth`, for the error message. @default 'limits.depth' */
  readonly option?: string
  /** Parses integers beyond 2^53 as BigInt, so that no digit is lost. @default false */
  readonly exact?: boolean | undefined
  /**
   * The bytes of the text. If set, {@link parseJson} caches the estimated memory of the parsed value for these bytes.
   * @default none
   */
  readonly bytes?: Uint8Array
}

// `context.source` (the text of a literal) and `JSON.rawJSON` are ES2026, so TypeScript's ES2023 library omits them:
// https://tc39.es/proposal-json-parse-with-source/
type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context: { readonly source?: string },
) => unknown
const sourceJSON = JSON as unknown as {
  parse(text: string, reviver?: Reviver): unknown
  rawJSON(text: string): unknown
}

/**
 * Parses a JSON text. A leading byte order mark is skipped. Keys that would poison a prototype (`__proto__`,
 * `constructor.prototype`) are left out.
 *
 * @throws WebhookError `malformed_body`, whose message has the position of the error but nothing of the payload.
 * `too_deep` if the nesting exceeds `depth`.
 */
export function parseJson(text: string, options: JsonOptions): unknown {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const { depth, option = 'limits.depth' } = options
  let value: unknown
  try {
    value =
      options.exact === true && /\d{16}/.test(json)
        ? sourceJSON.parse(json, exactly)
        : JSON.parse(json)
  } catch (cause) {
    if (cause instanceof WebhookError) throw cause
    // With a reviver, JSON.parse recurses, so deep JSON can overflow the stack. Such a stack overflow, or any other
    // error for JSON that is too deep, is reported as `too_deep`.
    if (cause instanceof RangeError || isDeeper(json, depth)) throw tooDeep(depth, option)
    // V8 quotes the payload in its error message, so the new error must not have V8's error as its `cause`.
    throw new WebhookError('malformed_body', {
      problem: 'not_json',
      got: placeOf(cause, json.length),
    })
  }
  // The depth is checked after parsing, since walking the value is five times as fast as walking the text. Without a
  // reviver, JSON.parse does not recurse, so parsing deep JSON is safe.
  const { deep, poison, marks } = inspect(value, depth)
  if (deep) throw tooDeep(depth, option)
  if (options.bytes) weighMarks(options.bytes, marks)
  return poison ? dropPoison(value) : value
}

function tooDeep(depth: number, option: string): WebhookError {
  return new WebhookError('too_deep', {
    problem: 'too_deep',
    got: 'JSON',
    option,
    limit: depth,
  })
}

/** Returns the error position that the engine's message contains, without the payload that the message quotes. */
function placeOf(cause: unknown, length: number): string {
  const message = String(cause)
  const at = /at position (\d+)/.exec(message)
  if (/unexpected end|unterminated/i.test(message) || Number(at?.[1]) >= length)
    return 'it ends too early'
  return `unexpected character${at ? ` ${at[0]}` : ''}`
}

/**
 * Returns the value as JSON. BigInts are written as digits, even if an app added `toJSON` to `BigInt.prototype`. A
 * value that JSON cannot express (`undefined`, a function) becomes `null`.
 *
 * @throws TypeError for a cycle.
 */
export function stringifyJson(value: unknown): string {
  if (!('toJSON' in BigInt.prototype)) {
    try {
      return write(value)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
  return write(value, digits)
}

function write(
  value: unknown,
  replacer?: (this: unknown, key: string, value: unknown) => unknown,
): string {
  // JSON.stringify returns undefined for undefined and functions, which its declared type omits.
  const text = JSON.stringify(value, replacer) as string | undefined
  return text ?? 'null'
}

function digits(this: unknown, key: string, value: unknown): unknown {
  // `this[key]` is the value before `toJSON` converted it.
  const original = (this as Record<string, unknown>)[key]
  return typeof original === 'bigint' ? sourceJSON.rawJSON(original.toString()) : value
}

function exactly(
  this: unknown,
  _key: string,
  value: unknown,
  context: { readonly source?: string },
): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const { source } = context
  if (source === undefined || !/^-?\d+$/.test(source)) return value
  // The time to make a BigInt grows faster than the number of digits: a million digits would block the process.
  if (source.length > MAX_DIGITS) {
    throw new WebhookError('malformed_body', { problem: 'too_many_digits', limit: MAX_DIGITS })
  }
  return BigInt(source)
}

const MAX_DIGITS = 4096

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Returns true if a JSON text nests deeper than the limit. For invalid JSON, the result has no meaning. */
export function isDeeper(json: string, limit: number): boolean {
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === QUOTE) i = endOfString(json, i)
    // `[` and `{` differ only in this bit, as do `]` and `}`.
    else if ((code | 0x20) === 0x7b) {
      if (++depth > limit) return true
    } else if ((code | 0x20) === 0x7d) depth--
  }
  return false
}

/** Returns the position of the string's closing quote; the length of the text if there is none. */
export function endOfString(json: string, start: number): number {
  for (let quote = start; ;) {
    quote = json.indexOf('"', quote + 1)
    if (quote === -1) return json.length
    let first = quote
    while (json.charCodeAt(first - 1) === BACKSLASH) first--
    if ((quote - first) % 2 === 0) return quote
  }
}

/**
 * Returns true if a JSON text may have more than `limit` values, by its number of commas, colons and opening brackets.
 * Without this limit, parsing a million small values takes a tenth of a second.
 */
export function hasMoreNodes(json: string, limit: number): boolean {
  // Each value needs at least two characters, so a short text cannot exceed the limit.
  if (json.length <= limit * 2) return false
  let nodes = 1
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === 0x22) at = endOfString(json, at)
    else if (code === 0x2c || code === 0x3a || (code | 0x20) === 0x7b) {
      if (++nodes > limit) return true
    }
  }
  return false
}

interface JsonFound {
  deep: boolean
  poison: boolean
  /**
   * Number of commas, colons and brackets in the JSON of the value. If `deep` is true, the number is too low, since
   * only part of the value was counted.
   */
  marks: number
}

// Maximum number of levels to walk by recursion. Recursion is a fifth faster than the walk level by level, and 256
// levels fit the smallest stack.
const RECURSED = 256

function inspect(value: unknown, levels: number): JsonFound {
  const found: JsonFound = { deep: false, poison: false, marks: 0 }
  if (!isObject(value)) return found
  // If other code has extended Object.prototype, inherited members must be skipped.
  const inherits = Object.keys(Object.prototype).length > 0
  inspectNode(value, Math.min(levels, RECURSED), inherits, found)
  if (!found.deep || levels <= RECURSED) return found
  return inspectByLevel(value, levels)
}

function inspectNode(node: object, levels: number, inherits: boolean, found: JsonFound): void {
  if (levels === 0) return void (found.deep = true)
  if (Array.isArray(node)) {
    found.marks += node.length || 1
    // The loop uses an index, since an iterator is several times slower on arrays of numbers.
    for (let i = 0; i < node.length; i++) {
      const item: unknown = node[i]
      if (isObject(item)) inspectNode(item, levels - 1, inherits, found)
    }
    return
  }
  let members = 0
  // `for in` is the fastest way to visit the members.
  for (const key in node) {
    members++
    if (isPoison(key)) found.poison = true
    const member = (node as Record<string, unknown>)[key]
    if (isObject(member) && (!inherits || Object.hasOwn(node, key)))
      inspectNode(member, levels - 1, inherits, found)
  }
  found.marks += 2 * members || 1
}

function inspectByLevel(value: object, levels: number): JsonFound {
  const found: JsonFound = { deep: false, poison: false, marks: 0 }
  let level = [value]
  for (let left = levels; level.length > 0; left--) {
    if (left === 0) return { ...found, deep: true }
    const next: object[] = []
    for (const node of level) {
      const isArray = Array.isArray(node)
      if (!isArray && Object.keys(node).some(isPoison)) found.poison = true
      const members = Object.values(node)
      found.marks += (isArray ? 1 : 2) * members.length || 1
      for (const member of members) if (isObject(member)) next.push(member)
    }
    level = next
  }
  return found
}

function isPoison(key: string): boolean {
  return key === '__proto__' || key === 'constructor'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
