import type { Delivery } from '../delivery.ts'
import { isWebhookError, WebhookError } from '../errors.ts'
import { isPromise } from '../basics/maybe.ts'
import { factsOf, messageOf } from '../messages.ts'
import type { Clock, Draft, Provider } from './provider.ts'
import type { Covers, Scheme, SignableRequest } from './scheme.ts'
import { singleHeader, withMessage } from './schemes/signature/header.ts'
import { noAuth } from './schemes/no-auth.ts'
import { firstKeys, keysOf } from './key-forms.ts'
import { keyring, type Keyring, type SecretOption } from './secrets.ts'
import type { ProviderSpec } from './spec.ts'

interface ProviderAuth<Key> {
  readonly scheme: Scheme<Key>
  readonly option: string
  readonly secret: SecretOption | undefined
}

/** Chooses scheme and secret. Throws a `TypeError` if the secret is missing without `unauthenticated: true`. */
export function authOf<Options extends object, Key, Ready>(
  spec: ProviderSpec<Options, Key, Ready>,
  name: string,
  given: Options,
  options: Ready,
  secretOption: string | undefined,
): ProviderAuth<Key> {
  const { unauthenticated } = given as { readonly unauthenticated?: unknown }
  const [option, secret] = spec.secretOf?.(options) ?? [
    secretOption ?? 'secret',
    secretOption === undefined
      ? undefined
      : ((given as Record<string, unknown>)[secretOption] as SecretOption | undefined),
  ]
  if ('unauthenticated' in spec.options) {
    if (secret === undefined && unauthenticated !== true)
      throw new TypeError(
        `${name}: ${option} is missing; a route without any authentication needs unauthenticated: true`,
      )
    if (secret === undefined)
      return { scheme: noAuth as Scheme<unknown> as Scheme<Key>, option, secret }
  }
  const scheme = spec.scheme(options)
  return { scheme, option, secret: scheme.keys ? undefined : secret }
}

/** Creates the keys that verify deliveries: the `keys` of the scheme, or else keys from the secret option. */
export function ringOf<Key>(
  scheme: Scheme<Key>,
  option: string,
  secret: SecretOption | undefined,
  { notSecret = [], setup }: Pick<ProviderSpec<never>, 'notSecret' | 'setup'>,
): Keyring<Key> {
  const { keys } = scheme
  if (!keys)
    return keyring(option, secret!, (one) => {
      const [, other] = notSecret.find(([form]) => form.test(one)) ?? []
      if (other === undefined) return keysOf(scheme, one)
      const right = setup?.secret ?? 'the secret of the webhook'
      throw new TypeError(`must be ${right}, got ${other}; set the right one`)
    })
  const set = { keys, tenants: keys.map(() => undefined) }
  return { for: () => set, given: keys, parse: (one) => scheme.key(one) }
}

/**
 * Returns `admit`, which checks method, URL and headers before the body is read. `proves` is true if these checks
 * already verify the sender. Returns an empty object if every check needs the body.
 */
export function admission<Key>(
  scheme: Scheme<Key>,
  ring: Keyring<Key>,
  isFixed: boolean,
  instead?: { readonly header: string; readonly remedy: string },
): Pick<Provider, 'admit' | 'proves'> {
  const { needs = [] } = scheme
  const present = scheme.anywhere === true ? undefined : scheme.present?.bind(scheme)
  const judges = scheme.head === true && isFixed
  if (needs.length === 0 && !present && !judges) return {}
  return {
    ...(judges && { proves: true }),
    admit(head: Delivery, clock: Clock): void {
      try {
        for (const name of needs) singleHeader(head, name)
        if (present && !present(head)) throw missing(scheme, head, clock())
      } catch (error) {
        throw instead ? toldInstead(error, head, instead) : error
      }
      if (judges) void scheme.verify(head, ring.given, clock())
    },
  }
}

/**
 * Adds `remedy` to the error if the signature is missing and `header` is present. `header` shows that the sender used
 * another authentication method.
 */
function toldInstead(
  error: unknown,
  head: Delivery,
  { header, remedy }: { readonly header: string; readonly remedy: string },
): unknown {
  const isOther = isWebhookError(error) && error.code === 'missing_header'
  if (!isOther || head.header(header) === undefined) return error
  return new WebhookError('missing_header', {
    ...factsOf(error),
    problem: 'other_sender',
    got: header,
    remedy,
  })
}

// Verifies without keys to get the scheme's own error for a missing signature, which is the most exact error. With
// Basic authentication, this error also asks the sender for credentials.
function missing<Key>(scheme: Scheme<Key>, head: Delivery, now: number): unknown {
  try {
    const found = scheme.verify(head, [], now)
    if (isPromise(found)) found.catch(() => undefined)
  } catch (error) {
    return error
  }
  return new WebhookError('missing_header', { problem: 'unsigned' })
}

/** Runs `verify`. If the signature does not match, adds a note that the secret has whitespace or quotes around it. */
export function explained<Found>(verify: () => Found): Found {
  try {
    return verify()
  } catch (error) {
    if (!isWebhookError(error) || error.code !== 'signature_mismatch') throw error
    const { code, status, headers } = error
    const facts = { ...factsOf(error), problem: 'odd_secret', text: code } as const
    const told = new WebhookError(code, facts, {
      cause: error,
      status,
      ...(headers && { headers }),
    })
    throw withMessage(told, () => messageOf({ ...facts, text: error.message }))
  }
}

/**
 * Returns the protected parts for a provider whose topic is in a header. The topic then counts as unsigned, unless
 * `covers.topic` is true. If the body is unsigned too, nothing changes.
 */
export function headed(covers: Covers, topicHeader: string | undefined): Covers {
  return topicHeader === undefined || covers.topic === true || covers.body === 'none'
    ? covers
    : { ...covers, topic: false }
}

/**
 * Returns the protected parts: `covers` of the scheme, refined by the spec. The spec cannot add a part that the scheme
 * declares as unprotected.
 */
export function coversOf(scheme: Covers, spec: Covers | undefined): Covers {
  if (!spec || scheme.body === 'none') return scheme
  const said = Object.entries(spec).filter(
    ([name, value]) => value === false || scheme[name as keyof Covers] !== false,
  )
  return { ...scheme, ...Object.fromEntries(said), body: scheme.body }
}

/**
 * Returns the sets of names, such as key ids, with which a delivery was verified before. These names are looked up
 * under separate limits, so that requests with invented names cannot delay the look-ups.
 */
export function trustedOf<Key>(
  { trusted }: Scheme<Key>,
  secret: SecretOption | undefined,
): Pick<Provider, 'trusted'> {
  const names = [trusted, typeof secret === 'function' ? secret.trusted : undefined]
  const given = names.filter((one) => one !== undefined)
  return given.length > 0 ? { trusted: given } : {}
}

export function signedRequest<Key>(
  name: string,
  scheme: Scheme<Key>,
  ring: Keyring<Key>,
  draft: Draft,
  request: SignableRequest,
): SignableRequest {
  const keys = draft.secret === undefined ? firstKeys(ring.given) : [ring.parse(draft.secret)]
  if (keys.length === 0)
    throw new TypeError(
      `${name}: sign needs draft.secret, because the secrets come from a function`,
    )
  const at = draft.at ?? Date.now()
  return scheme.signAll && keys.length > 1
    ? scheme.signAll(request, keys, at)
    : scheme.sign!(request, keys[0]!, at)
}
