import { WebhookError } from '../errors.ts'
import { isDeeper } from './json-depth.ts'
import { DEEP, inspect, POISON } from './json-value.ts'
import { dropPoison } from './safe-keys.ts'

/** How {@link parseJson} reads. */
export interface JsonOptions {
  /** Arrays and objects within one another; more is refused with `too_deep`. */
  readonly depth: number
  /** Gives integers beyond 2^53 as BigInt, so that no digit is lost. @default false */
  readonly exact?: boolean | undefined
}

// The source text of a literal, and a literal written back as it is, are ES2026:
// https://tc39.es/proposal-json-parse-with-source/. TypeScript's ES2023 library does not have them.
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
 * The value of a JSON text. A leading byte order mark is skipped. Keys that would poison a prototype (`__proto__`,
 * `constructor.prototype`) are left out.
 *
 * @throws WebhookError `malformed_body`, whose message gives the position and nothing of the payload; `too_deep`.
 */
export function parseJson(text: string, options: JsonOptions): unknown {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const { depth } = options
  let value: unknown
  try {
    value =
      options.exact === true && /\d{16}/.test(json)
        ? sourceJSON.parse(json, exactly)
        : JSON.parse(json)
  } catch (cause) {
    if (cause instanceof WebhookError) throw cause
    // A reviver walks by recursion, and what it walks was not measured yet.
    if (cause instanceof RangeError || isDeeper(json, depth)) throw tooDeep(depth)
    // V8 quotes the payload in its own message, so that error must not be the cause either.
    throw new WebhookError(
      'malformed_body',
      `the body is not valid JSON: ${placeOf(cause, json.length)}`,
    )
  }
  // Measured after the parsing, which does not recurse: brackets alone cost it twice as much as other texts of the
  // length, and a walk over the value takes a fifth of the time of one over the text.
  const found = inspect(value, depth)
  if (found & DEEP) throw tooDeep(depth)
  return found & POISON ? dropPoison(value) : value
}

function tooDeep(depth: number): WebhookError {
  return new WebhookError('too_deep', `the JSON body is nested deeper than limits.depth (${depth})`)
}

/** What an engine says of the place, without what it quotes. */
function placeOf(cause: unknown, length: number): string {
  const message = String(cause)
  const at = /at position (\d+)/.exec(message)
  if (/unexpected end|unterminated/i.test(message) || Number(at?.[1]) >= length)
    return 'it ends too early'
  return `unexpected character${at ? ` ${at[0]}` : ''}`
}

/**
 * JSON of the value; a BigInt is written as its digits, also where somebody gave `BigInt.prototype` a `toJSON`. What
 * JSON has no text for (`undefined`, a function) is written `null`.
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
  // The declared type forgets that undefined and functions have no text.
  const text = JSON.stringify(value, replacer) as string | undefined
  return text ?? 'null'
}

function digits(this: unknown, key: string, value: unknown): unknown {
  // The holder has the value as it was before any toJSON.
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
  // The time for a BigInt grows faster than its digits: a million of them would hold the process for long.
  if (source.length > MAX_DIGITS) {
    throw new WebhookError(
      'malformed_body',
      `the JSON body has an integer of more than ${MAX_DIGITS} digits`,
    )
  }
  return BigInt(source)
}

const MAX_DIGITS = 4096
