import type { Delivery } from '../delivery.ts'
import type { EventMap } from '../event.ts'
import { kindOf, unknownOptions } from '../basics/unknown-options.ts'
import { isPromise, type MaybePromise } from '../basics/maybe.ts'
import type { Factory, About } from './about.ts'
import {
  admission,
  authOf,
  coversOf,
  explained,
  headed,
  ringOf,
  signedRequest,
  trustedOf,
} from './auth.ts'
import { draftRequest } from './compose.ts'
import { remember } from './made.ts'
import { checkPeer } from './peer.ts'
import type { Clock, Draft, Provider, Verified } from './provider.ts'
import { joinCredentials, type Scheme } from './scheme.ts'
import { noAuth } from './schemes/no-auth.ts'
import type { KeySet } from './secrets.ts'
import { PLAIN, type ProviderSpec } from './spec.ts'
import { deliversOf, type Delivers } from './facts.ts'
import { markVerified, decodedDelivery } from '../receive/http-delivery.ts'

/**
 * Creates the factory that makes providers for one sender; `about` describes the sender. The factory throws a
 * `TypeError` that names a wrong option or secret.
 *
 * @example
 * export const acme: Factory<{ secret: SecretOption }> = provider({
 *   name: 'acme',
 *   options: { secret: 'Secret of the webhook.' },
 *   scheme: () => hmac({ header: 'x-acme-signature' }),
 *   events: (delivery, body) => [{ id: delivery.header('x-acme-id'), topic: 'ping', payload: body.value }],
 * })
 */
export function provider<Options extends object, Key = unknown, Ready = Options>(
  spec: ProviderSpec<NoInfer<Options>, Key, Ready>,
): Factory<Options> {
  const about = aboutSpec(spec, (options) => create(options as Options))
  const factory = Object.assign(
    <Events extends EventMap>(options: Options) => create<Events>(options),
    { about },
  )
  return factory

  function create<Events extends EventMap>(given: Options): Provider<Events> {
    if (given === undefined)
      throw new TypeError(
        `${spec.name}: options must be an object, got undefined; call it with { ${about.secretOption ?? Object.keys(spec.options)[0]} }`,
      )
    unknownOptions(spec.name, given, Object.keys(spec.options))
    checkKinds(spec.name, given, about.secretOption)
    const options = (spec.prepare ? spec.prepare(given) : given) as Ready
    const more = spec.more?.(options)
    const name = more?.name ?? spec.name
    const { scheme, option, secret } = authOf(spec, name, given, options, about.secretOption)
    if ((more?.formats ?? spec.formats)?.join() === 'multipart') checkPeer(name, '@fastify/busboy')
    const ring = ringOf(scheme, `${name}: ${option}`, secret, spec)
    const { check, events, format, labelled, greet, handshake, reply } = spec
    const declared = more?.credentials ?? spec.credentials
    const open = (scheme as Scheme<unknown>) === noAuth

    const checked = (
      key: unknown,
      tenant: string | undefined,
      delivery: Delivery,
      clock: Clock,
    ): MaybePromise<Verified> => {
      if (check && !open) markVerified(delivery)
      ring.verified?.(delivery)
      const wait = check?.(delivery, clock, options)
      return isPromise(wait) ? wait.then(() => ({ key, tenant })) : { key, tenant }
    }
    const verifyWith = (
      set: KeySet<Key>,
      delivery: Delivery,
      clock: Clock,
    ): MaybePromise<Verified> => {
      const found = ring.odd
        ? verifyOdd(set, delivery, clock)
        : scheme.verify(delivery, set.keys, clock())
      return isPromise(found)
        ? checkedLater(found, set, delivery, clock)
        : checked(set.keys[found], set.tenants[found], delivery, clock)
    }
    // These are separate functions: inside `verifyWith`, V8 would allocate memory for their closures at each delivery.
    const verifyOdd = (
      { keys }: KeySet<Key>,
      delivery: Delivery,
      clock: Clock,
    ): MaybePromise<number> => explained(() => scheme.verify(delivery, keys, clock()))
    const checkedLater = (
      found: Promise<number>,
      { keys, tenants }: KeySet<Key>,
      delivery: Delivery,
      clock: Clock,
    ): Promise<Verified> => found.then((at) => checked(keys[at], tenants[at], delivery, clock))
    const verifyLater = (
      set: Promise<KeySet<Key>>,
      delivery: Delivery,
      clock: Clock,
    ): Promise<Verified> => set.then((keys) => verifyWith(keys, delivery, clock))
    const made: Provider = {
      ...plainOf(spec),
      ...more,
      name,
      covers: headed(coversOf(scheme.covers, spec.covers), more?.topicHeader ?? spec.topicHeader),
      ...(open && { unauthenticated: true }),
      ...((scheme.credentials || declared) && {
        credentials: joinCredentials(scheme.credentials, declared),
      }),
      ...(scheme.signatures && { signatures: scheme.signatures }),
      reads: readsOf(spec, scheme, more?.claims ?? spec.claims, options),
      ...(scheme.signedTime && { signedTime: (delivery) => scheme.signedTime!(delivery) }),
      ...trustedOf(scheme, secret),
      ...admission(scheme, ring, typeof secret !== 'function', spec.instead),
      verify(given, clock) {
        const delivery = decodedDelivery(given, made)
        const set = ring.for(delivery)
        return isPromise(set) ? verifyLater(set, delivery, clock) : verifyWith(set, delivery, clock)
      },
      events: (delivery, body) => events(delivery, body, options),
      ...(format && { format: (delivery) => format(delivery, options) }),
      ...(labelled && { labelled: (delivery) => labelled(delivery, options) }),
      ...(greet && { greet: (delivery) => greet(delivery, options, ring) }),
      ...(handshake && {
        handshake: (delivery, body, verified) => handshake(delivery, body, verified, options),
      }),
      ...(reply && { reply: (result, delivery) => reply(result, delivery, options) }),
      ...(scheme.sign &&
        spec.canSign !== false && {
          sign: (draft: Draft) =>
            signedRequest(
              name,
              scheme,
              ring,
              draft,
              draftRequest(draft, spec.compose?.(draft, options) ?? {}),
            ),
        }),
      ...remember({
        factory: factory as unknown as Factory<object>,
        options: given,
        scheme: scheme as Scheme<unknown>,
        secret,
        verifyWith: (keys, delivery, clock) =>
          verifyWith({ keys: keys as readonly Key[], tenants: [] }, delivery, clock),
      }),
    }
    return made as Provider<Events>
  }
}

type Kind = readonly [names: RegExp, expected: string, is: (value: unknown) => boolean]

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''
const isList = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const isFunction = (value: unknown): boolean => typeof value === 'function'
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// An option name means the same for all senders. So the name determines the expected type.
const KINDS: readonly Kind[] = [
  [/^name$|[a-z](?:Header|Query)$/, 'a string that is not empty', isText],
  [/[a-z]Field$/, 'a string or a list of strings', (value) => isText(value) || isList(value)],
  [/^(?:methods|formats|charsets)$/, 'a list of strings', isList],
  [/^codings$/, "an object such as { gzip: 'sent' } or { gzip: 'decoded' }", isObject],
  [/^limits$/, 'an object', isObject],
  [/^(?:repeats|unauthenticated)$/, 'true or false', isBoolean],
  [/^contentType$/, "'ignore' or 'strict'", (value) => value === 'ignore' || value === 'strict'],
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

/** Throws a `TypeError` if an option does not have the type that its name requires. `keyring()` checks the secret. */
function checkKinds(provider: string, options: object, secret: string | undefined): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || option === secret) continue
    for (const [names, expected, is] of KINDS)
      if (names.test(option) && !is(value))
        throw new TypeError(`${provider}: ${option} must be ${expected}, got ${kindOf(value)}`)
  }
}

function aboutSpec<Options extends object, Key, Ready>(
  spec: ProviderSpec<Options, Key, Ready>,
  create: About['create'],
): About {
  const secretOption = spec.secret ?? ('secret' in spec.options ? 'secret' : undefined)
  const { scheme, place, tolerance, challenge, checked = 'unknown' } = spec.facts ?? {}
  const example =
    spec.facts?.example ??
    (secretOption === undefined ? {} : { [secretOption]: 'an-example-secret' })
  // The example scheme is created on demand, because apps never need it.
  let made: Partial<Scheme> | undefined
  const own = (): Partial<Scheme> => {
    try {
      const options = example as Options
      return (made ??= spec.scheme(
        (spec.prepare?.(options) ?? options) as Ready,
      ) as Scheme<unknown>)
    } catch {
      return (made = {})
    }
  }
  const delivers = deliversOf(spec.docs ?? '', spec.facts?.delivers)
  const { retrySpan } = plainOf(spec)
  return {
    name: spec.name,
    title: spec.title ?? spec.name,
    docs: spec.docs ?? '',
    ...(spec.setup && { setup: spec.setup }),
    create,
    get scheme() {
      return scheme ?? own().words ?? 'unknown'
    },
    get place() {
      return place ?? own().place
    },
    get tolerance() {
      return tolerance ?? (spec.facts ? (own().tolerance ?? 'none') : 'unknown')
    },
    get forms() {
      return own().forms ?? []
    },
    example,
    checked,
    delivers,
    ...(secretOption !== undefined && { secretOption }),
    options: spec.options,
    topics: spec.topics ?? [],
    handshakes: spec.handshakes ?? [],
    ...(challenge && { challenge }),
    methods: spec.methods ?? ['POST'],
    formats: spec.formats ?? ['json'],
    codings: spec.codings ?? {},
    charsets: spec.charsets ?? ['utf-8'],
    ...(spec.covers && { covers: headed(spec.covers, spec.topicHeader) }),
    repeats: spec.repeats ?? true,
    ...(retrySpan !== undefined && { retrySpan }),
    canSign: spec.canSign ?? true,
  }
}

function plainOf<Options extends object, Key, Ready>(
  spec: ProviderSpec<Options, Key, Ready>,
): Partial<Provider> {
  return {
    ...(spec.facts && impliedBy(spec.facts.delivers)),
    ...Object.fromEntries(
      PLAIN.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]]),
    ),
  }
}

function impliedBy({ largest, retries, redirect }: Partial<Delivers>): Partial<Provider> {
  return {
    ...(typeof largest === 'number' && { limits: { body: largest } }),
    ...(typeof retries === 'number' && { retrySpan: retries }),
    ...(redirect === 'failure' && { failsOnRedirect: true }),
  }
}

/**
 * Creates `Provider.reads`, which returns the header `claims`, the headers that scheme and spec read, and the headers
 * that `compose` sets.
 */
function readsOf<Options extends object, Key, Ready>(
  spec: ProviderSpec<Options, Key, Ready>,
  scheme: Pick<Scheme, 'needs' | 'reads'>,
  claims: string | undefined,
  options: Ready,
): NonNullable<Provider['reads']> {
  let fixed: readonly string[] | undefined
  // `compose` throws if it needs a topic or a payload. Then the headers of `compose` are unknown and left out.
  const composed = (draft: { readonly id?: string }): readonly string[] =>
    read(() => Object.keys(spec.compose?.(draft, options).headers ?? {}), undefined, undefined)
  return (delivery) => {
    fixed ??= [...(claims === undefined ? [] : [claims]), ...composed({}), ...composed({ id: '1' })]
    const more = [...schemeReads(scheme, delivery), ...read(spec.reads, delivery, options)]
    return [...fixed, ...more].map((name) => name.toLowerCase())
  }
}

export function schemeReads(
  { needs = [], reads }: Pick<Scheme, 'needs' | 'reads'>,
  delivery: Delivery,
): readonly string[] {
  return [...needs, ...read(reads, delivery, undefined)]
}

function read<From, Options>(
  said: readonly string[] | ((from: From, options: Options) => readonly string[]) = [],
  from: From,
  options: Options,
): readonly string[] {
  if (typeof said !== 'function') return said
  try {
    return said(from, options)
  } catch {
    // `reads` may throw for a malformed delivery. Then no header names of `reads` are used.
    return []
  }
}
