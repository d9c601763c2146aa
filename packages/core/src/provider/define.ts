import { stringifyJson } from '../body/json.ts'
import { toBuffer } from '../body/bytes.ts'
import type { Delivery } from '../delivery.ts'
import type { EventMap } from '../event.ts'
import { isPromise, type MaybePromise } from '../maybe.ts'
import type { Clock, Draft, Provider, Verified } from './provider.ts'
import type { Credentials, Scheme, SignableRequest } from './scheme.ts'
import { keyring, type Keyring, type SecretOption } from './secrets.ts'

/** What {@link defineProvider} takes. */
export interface ProviderSpec<Events extends EventMap, Key> extends Omit<
  Provider<Events>,
  'covers' | 'verify' | 'sign'
> {
  /** How deliveries are signed and with which secrets. Without it the factory's user must have said `unauthenticated: true`. */
  readonly auth:
    | {
        readonly scheme: Scheme<Key>
        readonly secret: SecretOption
        /** Name of the secret option. @default 'secret' */
        readonly option?: string
      }
    | {
        readonly scheme: Scheme<Key>
        /** Keys that are no text, such as a JSON Web Key Set, ready made. */
        readonly keys: readonly Key[]
      }
    | { readonly unauthenticated: boolean | undefined; readonly option?: string }
  /** What must hold beside the signature; throws a `WebhookError`. Runs after the signature was found right. */
  readonly check?: (delivery: Delivery, clock: Clock) => MaybePromise<void>
  /** Puts topic, id and payload where this provider has them, for `sign`. @default JSON of `payload` */
  readonly compose?: (draft: Draft) => {
    readonly method?: string
    readonly url?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string | Uint8Array
  }
}

/**
 * Makes a provider of its parts. Secrets are checked here, so that a wrong one throws a `TypeError` when the app starts.
 *
 * @example
 * const acme = (options: { secret: SecretOption }) =>
 *   defineProvider({
 *     name: 'acme',
 *     auth: { scheme: hmac({ header: 'x-acme-signature' }), secret: options.secret },
 *     events: (delivery, body) => [{ id: delivery.header('x-acme-id'), topic: 'ping', payload: body.value }],
 *   })
 */
export function defineProvider<Events extends EventMap = EventMap, Key = unknown>(
  spec: ProviderSpec<Events, Key>,
): Provider<Events> {
  const { auth, check, compose, ...provider } = spec
  if (!('scheme' in auth)) {
    if (auth.unauthenticated !== true) {
      throw new TypeError(
        `${spec.name}: ${auth.option ?? 'secret'} is missing; a route without any authentication needs unauthenticated: true`,
      )
    }
    return {
      ...provider,
      covers: { body: 'none' },
      unauthenticated: true,
      verify: (delivery, clock) => check?.(delivery, clock),
      sign: (draft) => toRequest(draft, compose),
    }
  }
  const scheme = auth.scheme
  const ring =
    'keys' in auth
      ? fixedKeys(auth.keys, scheme)
      : keyring(`${spec.name}: ${auth.option ?? 'secret'}`, auth.secret, (secret) =>
          scheme.key(secret),
        )

  return {
    ...provider,
    covers: scheme.covers,
    ...(scheme.signedTime && { signedTime: (delivery) => scheme.signedTime!(delivery) }),
    ...merged(scheme.credentials, spec.credentials),
    verify(delivery, clock) {
      const set = ring.for(delivery)
      return isPromise(set)
        ? set.then((keys) => settle(keys, delivery, clock))
        : settle(set, delivery, clock)
    },
    ...(scheme.sign && {
      sign(draft: Draft): SignableRequest {
        const keys = draft.secret === undefined ? ring.given : [ring.parse(draft.secret)]
        const [key] = keys
        if (key === undefined)
          throw new TypeError(
            `${spec.name}: sign needs a secret in its draft, since the secrets come from a function`,
          )
        const request = toRequest(draft, compose)
        const at = draft.at ?? Date.now()
        return scheme.signAll && keys.length > 1
          ? scheme.signAll(request, keys, at)
          : scheme.sign!(request, key, at)
      },
    }),
  }

  function settle(
    set: { keys: readonly Key[]; scopes: readonly (string | undefined)[] },
    delivery: Delivery,
    clock: Clock,
  ): MaybePromise<Verified> {
    const found = scheme.verify(delivery, set.keys, clock())
    return isPromise(found)
      ? found.then((at) => checked(set.keys[at], set.scopes[at], delivery, clock))
      : checked(set.keys[found], set.scopes[found], delivery, clock)
  }

  function checked(
    key: unknown,
    scope: string | undefined,
    delivery: Delivery,
    clock: Clock,
  ): MaybePromise<Verified> {
    const wait = check?.(delivery, clock)
    return isPromise(wait) ? wait.then(() => ({ key, scope })) : { key, scope }
  }
}

function fixedKeys<Key>(keys: readonly Key[], scheme: Scheme<Key>): Keyring<Key> {
  const set = { keys, scopes: keys.map(() => undefined) }
  return { for: () => set, given: keys, parse: (secret) => scheme.key(secret) }
}

function toRequest<Events extends EventMap, Key>(
  draft: Draft,
  compose: ProviderSpec<Events, Key>['compose'],
): SignableRequest {
  const composed = compose?.(draft) ?? {}
  const body =
    draft.body ?? composed.body ?? (draft.payload === undefined ? '' : stringifyJson(draft.payload))
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  for (const lines of [composed.headers, draft.headers]) {
    for (const [name, value] of Object.entries(lines ?? {})) headers[name.toLowerCase()] = value
  }
  return {
    method: draft.method ?? composed.method ?? 'POST',
    url: composed.url ?? draft.url ?? 'https://example.com/webhooks',
    headers,
    body: toBuffer(body),
  }
}

function merged(
  a: Credentials | undefined,
  b: Credentials | undefined,
): { credentials?: Credentials } {
  if (!a || !b) return a || b ? { credentials: (a ?? b)! } : {}
  return {
    credentials: {
      headers: [...(a.headers ?? []), ...(b.headers ?? [])],
      query: [...(a.query ?? []), ...(b.query ?? [])],
      fields: [...(a.fields ?? []), ...(b.fields ?? [])],
    },
  }
}
