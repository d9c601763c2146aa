import { weighMarks } from '../basics/room.ts'
import { WebhookError } from '../errors.ts'
import { isDeeper } from './json-depth.ts'
import { inspect } from './json-value.ts'
import { dropPoison } from './safe-keys.ts'

/** How {@link parseJson} reads. */
interface JsonOptions {
  /** The deepest nesting of arrays and objects; deeper is refused with `too_deep`. */
  readonly depth: number
  /** Name of the option that chose `depth`, for the message. @default 'limits.depth' */
  readonly option?: string
  /** Returns integers beyond 2^53 as BigInt, so that no digit is lost. @default false */
  readonly exact?: boolean | undefined
  /** The bytes of the text, whose {@link weigh} is known then. @default none */
  readonly bytes?: Uint8Array
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
 * @throws WebhookError `malformed_body`, whose message has the position and nothing of the payload; `too_deep`.
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
    // A reviver recurses, so depth must be checked before it runs.
    if (cause instanceof RangeError || isDeeper(json, depth)) throw tooDeep(depth, option)
    // V8 quotes the payload in its own message, so that error must not be the cause either.
    throw new WebhookError('malformed_body', {
      problem: 'not_json',
      got: placeOf(cause, json.length),
    })
  }
  // Measured after the parsing, which does not recurse: brackets alone cost it twice as much as other JSON of
  // that length. A walk over the value takes a fifth of the time of one over the text.
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

/** The position in an engine's message, without the payload that the message quotes. */
function placeOf(cause: unknown, length: number): string {
  const message = String(cause)
  const at = /at position (\d+)/.exec(message)
  if (/unexpected end|unterminated/i.test(message) || Number(at?.[1]) >= length)
    return 'it ends too early'
  return `unexpected character${at ? ` ${at[0]}` : ''}`
}

/**
 * JSON of the value; a BigInt is written as its digits, even if `BigInt.prototype` has a `toJSON`. A value
 * that JSON cannot write (`undefined`, a function) becomes `null`.
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
  // JSON.stringify returns undefined for undefined and functions; its declared type omits that.
  const text = JSON.stringify(value, replacer) as string | undefined
  return text ?? 'null'
}

function digits(this: unknown, key: string, value: unknown): unknown {
  // `this[key]` is the value before any toJSON ran.
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
  // Making a BigInt takes longer than linear time: a million digits would block the process.
  if (source.length > MAX_DIGITS) {
    throw new WebhookError('malformed_body', { problem: 'too_many_digits', limit: MAX_DIGITS })
  }
  return BigInt(source)
}

const MAX_DIGITS = 4096
