import { kindOf, unknownOptions } from '../basics/unknown-options.ts'
import { soon } from '../basics/deadline.ts'

interface Made {
  turns: number
  counted: boolean
  called: boolean
}

// A warning is logged if handlers were created in this number of turns of the event loop. An app creates all its
// handlers in one or two turns; handlers that are created for each request appear in many turns.
const TURNS = 3

const known = new WeakMap<object, Made>()

/**
 * Notes that an adapter on Node.js created a handler for the receiver. Returns the function that the adapter calls when
 * the handler is called. Warns once if handlers were created in three turns of the event loop but none was called. A
 * mistake such as `(request, response) => webhook(receiver)` causes this. `remedy` says how to mount the handler.
 */
export function handlerMade(receiver: object, remedy: string): () => void {
  const made = known.get(receiver) ?? { turns: 0, counted: false, called: false }
  known.set(receiver, made)
  if (!made.called && !made.counted) {
    made.counted = true
    soon(() => void (made.counted = false))
    if (++made.turns === TURNS)
      warn(`route handlers were created from the receiver, but none was ever called: ${remedy}`)
  }
  return () => void (made.called = true)
}

function warn(message: string): void {
  const { process } = globalThis as unknown as { process: Pick<NodeJS.Process, 'emitWarning'> }
  process.emitWarning(message, 'PosternWarning')
}

const FUNCTIONS = ['context', 'transaction', 'after'] as const

/** Checks the arguments of an adapter's `webhook`. Throws a `TypeError` that names the argument or the option. */
export function checkMounting(receiver: unknown, options: object, known: readonly string[]): void {
  const { fetch, limits, verify, method } = Object(receiver) as Readonly<Record<string, unknown>>
  const isMade = typeof fetch === 'function' || typeof Object(limits).time === 'number'
  if (typeof receiver !== 'object' || receiver === null || verify !== undefined || !isMade) {
    const [got, remedy] =
      typeof verify === 'function'
        ? ['a provider', 'give it webhook(createReceiver({ provider }))']
        : typeof method === 'string'
          ? ['a request', 'call webhook(receiver), and give the route what it returns']
          : [kindOf(receiver), 'give it that']
    throw new TypeError(
      `webhook: receiver must be what createReceiver() returns, got ${got}; ${remedy}`,
    )
  }
  unknownOptions('webhook', options, known)
  for (const name of FUNCTIONS) {
    const value = (options as Readonly<Record<string, unknown>>)[name]
    if (value !== undefined && typeof value !== 'function')
      throw new TypeError(`webhook: ${name} must be a function, got ${kindOf(value)}`)
  }
}
