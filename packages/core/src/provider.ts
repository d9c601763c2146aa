import type { ParsedBody } from './body/parse.ts'
import { stringifyJson } from './body/json.ts'
import { toBuffer } from './bytes.ts'
import type { Delivery } from './delivery.ts'
import type { WebhookError } from './errors.ts'
import type { EventDraft, EventMap } from './event.ts'
import type { Limits } from './limits.ts'
import { isPromise, type MaybePromise } from './maybe.ts'
import type { Reply } from './reply.ts'
import type { Covers, Credentials, Scheme, SignableRequest } from './scheme.ts'
import { keyring, type Keyring, type SecretOption } from './secrets.ts'

/** Gives the time in milliseconds since 1970. */
export type Clock = () => number

/** What verification found out. */
export interface Verified {
  /** The tenant or key that verified the delivery: events get it as their scope. */
  readonly scope?: string | undefined
  /** The scheme's key that matched, for signed handshakes whose answer is made with it. */
  readonly key?: unknown
}

/** How a delivery went, for {@link Provider.reply}. */
export type Result =
  | {
      readonly kind: 'accepted' | 'duplicate' | 'unhandled'
      readonly events: readonly EventDraft[]
    }
  | { readonly kind: 'refused'; readonly error: WebhookError }

/** A delivery to be made and signed as the provider would: for tests, the CLI and examples. */
export interface Draft {
  readonly topic?: string
  readonly id?: string
  /** What becomes the body: JSON, unless the provider sends something else. */
  readonly payload?: unknown
  /** The body itself, in place of `payload`. */
  readonly body?: string | Uint8Array
  /** @default 'POST' */
  readonly method?: string
  /** @default 'https://example.com/webhooks' */
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Time of signing in milliseconds since 1970. @default now */
  readonly at?: number
  /** Signs with this secret in place of the provider's first one. */
  readonly secret?: string
}

/** Who sends. Made by a factory that takes the provider's own option names: `github({ secret })`. */
export interface Provider<Events extends EventMap = EventMap> {
  readonly name: string
  /** @default ['POST'] */
  readonly methods?: readonly string[]
  readonly covers: Covers
  readonly credentials?: Credentials
  /** What the sender promises not to exceed; the receiver's own `limits` win. */
  readonly limits?: Partial<Limits>
  /** Over how long the sender delivers one event again, in milliseconds: dedupe windows must be at least as long. */
  readonly retrySpan?: number
  /** True where the sender takes a redirect for a failure, so that a 302 as ack is refused at construction. */
  readonly failsOnRedirect?: boolean
  /** True where `greet`, `verify` or `events` reads XML whatever the content type says, so that the parser is loaded first. */
  readonly xml?: boolean
  /** Where the reply decides something (auth hooks): what goes out when an answer is late or fails. */
  readonly refusal?: Reply
  /** Throws a `WebhookError` where the delivery is not what the provider signed. */
  readonly verify: (delivery: Delivery, clock: Clock) => MaybePromise<Verified | void>
  /** Reads the events out of a verified delivery; none, one or several. */
  readonly events: (delivery: Delivery, body: ParsedBody) => readonly EventDraft[]
  /** Answers an unsigned challenge. It accepts nothing and signs nothing with the event key. */
  readonly greet?: (delivery: Delivery) => MaybePromise<Reply | undefined>
  /** Answers a signed challenge. */
  readonly handshake?: (
    delivery: Delivery,
    body: ParsedBody,
    verified: Verified,
  ) => MaybePromise<Reply | undefined>
  /** The body, status or headers this sender needs; undefined leaves the reply to the receiver. */
  readonly reply?: (result: Result, delivery: Delivery) => Reply | undefined
  /** Makes a delivery that `verify` accepts. Absent where only the sender has the signing key. */
  readonly sign?: (draft: Draft) => SignableRequest
  /** Carries the types of topics and payloads; never there at run time. */
  readonly types?: Events
}

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
    ...merged(scheme.credentials, spec.credentials),
    verify(delivery, clock) {
      const set = ring.for(delivery)
      return isPromise(set)
        ? set.then((keys) => settle(keys, delivery, clock))
        : settle(set, delivery, clock)
    },
    ...(scheme.sign && {
      sign(draft: Draft): SignableRequest {
        const key = draft.secret === undefined ? ring.first : ring.parse(draft.secret)
        if (key === undefined)
          throw new TypeError(
            `${spec.name}: sign needs a secret in its draft, since the secrets come from a function`,
          )
        return scheme.sign!(toRequest(draft, compose), key, draft.at ?? Date.now())
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
  return { for: () => set, first: keys[0], parse: (secret) => scheme.key(secret) }
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
