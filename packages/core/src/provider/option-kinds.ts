import { kindOf } from '../basics/unknown-options.ts'

type Kind = readonly [names: RegExp, expected: string, is: (value: unknown) => boolean]

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''
const isList = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const isFunction = (value: unknown): boolean => typeof value === 'function'
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// An option means the same at every sender, so that its name says what it must be.
const KINDS: readonly Kind[] = [
  [/^name$|[a-z](?:Header|Query)$/, 'a string that is not empty', isText],
  [/[a-z]Field$/, 'a string or a list of strings', (value) => isText(value) || isList(value)],
  [/^(?:methods|formats|codings|charsets)$/, 'a list of strings', isList],
  [/^limits$/, 'an object', isObject],
  [/^(?:repeats|unauthenticated)$/, 'true or false', isBoolean],
  [/^labels$/, "'ignore' or 'strict'", (value) => value === 'ignore' || value === 'strict'],
  [/^on[A-Z]|^fetch$/, 'a function', isFunction],
  [/^acceptHandshake$/, 'true, false or a function', (one) => isBoolean(one) || isFunction(one)],
  [
    /^expectedTopic$/,
    'a topic URL, a list of them or a function',
    (value) => isText(value) || isList(value) || isFunction(value),
  ],
  [
    /^records$/,
    'the records of an inbox (inbox.records)',
    (value) => isFunction(Object(value).get) && isFunction(Object(value).set),
  ],
  [
    /^(?:timeout|retrySpan)$/,
    'a number of milliseconds above 0',
    (value) => typeof value === 'number' && value > 0 && value < Infinity,
  ],
]

/** Throws a `TypeError` for an option of a provider whose value is of another kind than its name says. A keyring checks `secret`. */
export function checkKinds(provider: string, options: object, secret: string | undefined): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || option === secret) continue
    for (const [names, expected, is] of KINDS)
      if (names.test(option) && !is(value))
        throw new TypeError(`${provider}: ${option} must be ${expected}, got ${kindOf(value)}`)
  }
}
