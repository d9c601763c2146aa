/** A number that JavaScript cannot represent exactly, as the sender wrote it. */
export class LongNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A JSON value, with long numbers as they were written. */
export type ParsedValue =
  | null
  | boolean
  | number
  | string
  | LongNumber
  | readonly ParsedValue[]
  | { readonly [name: string]: ParsedValue }

type Context = { readonly source?: string } | undefined

/** Returns undefined if the text is not JSON. */
export function parsePayload(text: string): ParsedValue | undefined {
  try {
    // Browsers from before 2025 do not pass `context` to `exactly`, so long numbers are rounded there.
    return JSON.parse(text, exactly as (name: string, value: unknown) => unknown) as ParsedValue
  } catch {
    try {
      // JSON.parse with a function fails for a deeply nested value, but JSON.parse alone can parse such a value.
      return JSON.parse(text) as ParsedValue
    } catch {
      return undefined
    }
  }
}

function exactly(_name: string, value: unknown, context: Context): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  return /^-?\d{16,}$/.test(context.source) && String(value) !== context.source
    ? new LongNumber(context.source)
    : value
}

/** True for an object or an array. */
export function hasParts(
  value: ParsedValue,
): value is readonly ParsedValue[] | { readonly [name: string]: ParsedValue } {
  return typeof value === 'object' && value !== null && !(value instanceof LongNumber)
}

export function valueParts(
  value: ParsedValue,
): readonly (readonly [name: string | number, value: ParsedValue])[] {
  if (Array.isArray(value)) return value.map((part: ParsedValue, at) => [at, part] as const)
  return hasParts(value) ? Object.entries(value) : []
}

export function sizeOf(value: ParsedValue): number {
  if (Array.isArray(value)) return value.length
  return hasParts(value) ? Object.keys(value).length : 0
}
