import type { Delivery } from '../delivery.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Factory } from './about.ts'
import type { Clock, Provider, Verified } from './provider.ts'
import type { Scheme } from './scheme.ts'
import type { SecretOption } from './secrets.ts'

/** How a provider was made, for tools that make it again or explain a rejection. The value contains secrets. */
export interface Made {
  readonly factory: Factory<object>
  readonly options: object
  readonly scheme: Scheme
  /** The value of the secret option; undefined if the keys are ready-made or the provider authenticates nothing. */
  readonly secret: SecretOption | undefined
  /** Verifies with `keys` instead of the provider's own keys, and runs all other checks of the provider. */
  verifyWith(keys: readonly unknown[], delivery: Delivery, clock: Clock): MaybePromise<Verified>
}

// The symbol's value is a function, so that neither printing the provider nor its JSON shows the secrets. `{
// ...provider }` copies this member too.
const MADE: unique symbol = Symbol('postern.made')

interface Remembering {
  readonly [MADE]?: () => Made
}

export function remember(made: Made): Remembering {
  return { [MADE]: () => made }
}

/**
 * Creates the member that {@link madeOf} reads, for a provider that wraps another provider. {@link remake} then remakes
 * the inner provider and wraps the result with `around`.
 */
export function madeAgain(provider: Provider, around: (again: Provider) => Provider): Remembering {
  const made = madeOf(provider)
  if (!made) return {}
  const factory = Object.assign((options: object) => around(made.factory(options)), {
    about: made.factory.about,
  })
  return remember({ ...made, factory: factory as Factory<object> })
}

/**
 * Returns how a provider was made; undefined if `provider()` did not make it. Do not print the result: it contains
 * secrets.
 */
export function madeOf(provider: Provider): Made | undefined {
  return (provider as Remembering)[MADE]?.()
}

/**
 * Makes a provider again with some options changed. Changes that you made to the provider object itself are lost.
 *
 * @throws TypeError if `provider()` did not make `provider`, or the factory rejects the options.
 *
 * @example
 * const staging = remake(square({ signatureKey }), { publicUrl: 'https://staging.example.com/square' })
 */
export function remake(provider: Provider, changes: object): Provider {
  const made = madeOf(provider)
  if (!made)
    throw new TypeError(
      `provider: ${provider.name} was not made by provider(), so it cannot be copied with changes; call its own factory with the changed options`,
    )
  return made.factory({ ...made.options, ...changes })
}

/** Throws a `TypeError` if a value of `given` is not a provider. `what` is the called function, for the message. */
export function checkProviders(what: string, given: object, example: string): void {
  for (const [option, value] of Object.entries(given) as [string, Provider | undefined][])
    if (typeof value?.verify !== 'function')
      throw new TypeError(
        `${what}: ${option} must be a provider, got ${typeof value}; call its factory, as in ${example}`,
      )
}
