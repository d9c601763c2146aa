import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { madeOf, type SignaturePlace } from '@postern/core/internal'
import type { About, Draft, Provider, Scheme } from '@postern/core/scheme'
import { fill, samples, type Sample, madeUpSecrets } from '@postern/samples'
import { requestOf, textOfBody, type AuditRequest, headerOf, valueAt } from './request.ts'

/** Content of a delivery. Defaults: the first sample, a new id, the current time and the correct secret. */
export interface Making {
  readonly sample?: Sample
  readonly topic?: string
  readonly id?: string
  /** Time of signing, in milliseconds since 1970. */
  readonly at?: number
  readonly body?: string | Uint8Array
  readonly payload?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Creates the deliveries of one sender for one URL. */
export interface AuditSender {
  readonly about: About
  readonly provider: Provider
  readonly scheme: Scheme
  readonly url: string
  readonly facts: AuditFacts
  readonly samples: readonly Sample[]
  /** Returns the next random number. The numbers depend on the seed. */
  readonly random: () => number
  readonly now: () => number
  /** Signs a genuine delivery. If you give `by`, a provider with another secret, the delivery is forged. */
  sign(making?: Making, by?: Provider): AuditRequest
  /** Creates an event id in the sender's format. */
  freshId(): string
  /** Signs a delivery again with another body; everything else stays the same. */
  rebody(request: AuditRequest, body: string | Uint8Array): AuditRequest
  /** Signs a delivery again with the given changes. */
  again(request: AuditRequest, making: Making): AuditRequest
  /** Signs a delivery again with any secret, without checks. Throws if no key can be made from the secret. */
  signedWith(request: AuditRequest, secret: string, at?: number): AuditRequest
  /** The provider with another secret of the same format; undefined if no such secret can be made up. */
  readonly other: Provider | undefined
  /**
   * The provider with the other and the correct secret, as while a secret rotates. Undefined if the sender does not
   * sign with both secrets during that time.
   */
  readonly rotating: Provider | undefined
  /** The configured secrets, which no reply and no log may contain. */
  readonly secrets: readonly string[]
}

interface SenderSettings {
  readonly url: string
  readonly seed: number
  readonly now: () => number
  /**
   * If true, event ids also depend on the seed. Only for requests that are never sent twice, such as test vectors.
   * @default false
   */
  readonly seededIds?: boolean
}

/** Event ids are new in each run, so that a receiver does not treat the deliveries of a second run as duplicates. */
export async function auditSender(
  provider: Provider,
  { url, seed, now, seededIds = false }: SenderSettings,
): Promise<AuditSender> {
  const made = madeOf(provider)
  if (!made || !provider.sign)
    throw new TypeError(
      `audit: provider must be able to sign, got ${provider.name}: only its sender has the key; audit another sender's route`,
    )
  const { about } = made.factory
  const all = await samplesOf(about)
  const random = seeded(seed)
  const filling = seededIds ? random : Math.random
  const drafts = new WeakMap<AuditRequest, Draft>()
  const { signed: signedUrl, sent } = urlsOf(made.options, url)
  const make = (draft: Draft, by: Provider = provider): AuditRequest => {
    const request = sent(requestOf(by.sign!(draft)))
    drafts.set(request, draft)
    return request
  }
  const sign = ({ sample = all[0], ...making }: Making = {}, by?: Provider): AuditRequest => {
    const at = making.at ?? now()
    const { topic, id, payload } = sample
      ? fill(sample, { now: at, random: filling })
      : { payload: {} }
    const draft = {
      ...(topic !== undefined && { topic }),
      ...(id !== undefined && { id }),
      payload,
      url: signedUrl,
      ...making,
      at,
    }
    return make(draft, by)
  }
  const freshId = (): string => {
    const id = all[0]?.id
    return id === undefined
      ? `${randomBytes(4).readUInt32BE()}`
      : String(fill({ id }, { random: filling }).id)
  }
  const again = (request: AuditRequest, making: Making): AuditRequest => {
    const { sample: _, ...changes } = making
    return make({ ...drafts.get(request)!, ...changes })
  }
  const first = sign()
  const draft = drafts.get(first)!
  const others = otherSecrets(about, made.secret, random).flatMap((secret) => {
    const by = madeWith(about, made.options, secret, draft)
    return by ? [{ secret, by }] : []
  })
  const other = others[0]?.by
  const found = { place: signaturePlaceOf(about, first, other && requestOf(other.sign!(draft))) }
  const text = textOfBody(first)
  const shown = { ...found, ids: hasIds(provider, freshId(), sign), json: /^\{[^]*\}$/.test(text) }
  return {
    about,
    provider,
    scheme: made.scheme,
    url,
    facts: auditFacts(about, provider, shown),
    samples: all,
    random,
    now,
    sign,
    freshId,
    again,
    rebody: (request, body) => again(request, { body }),
    signedWith(request, secret, at = drafts.get(request)?.at ?? now()) {
      const headers = Object.fromEntries(request.headers)
      const body = Buffer.from(request.body)
      const unsigned = { method: request.method, url: signedUrl, headers, body }
      return sent(requestOf(made.scheme.sign!(unsigned, made.scheme.key(secret), at)))
    },
    other,
    rotating:
      other && made.scheme.signAll
        ? madeWith(about, made.options, [others[0]!.secret, ...textsOf(made.secret)], draft)
        : undefined,
    secrets: textsOf(made.secret),
  }
}

async function samplesOf(about: About): Promise<readonly Sample[]> {
  try {
    return await samples(about.name)
  } catch {
    // A provider without samples in @postern/samples, such as the app's own provider, has a list of topics.
    return about.topics.map((topic) => ({ topic, payload: {} }))
  }
}

/** If the provider has `publicUrl`, that URL is signed, but the request goes to the audited URL. */
function urlsOf(
  options: object,
  url: string,
): { readonly signed: string; readonly sent: (request: AuditRequest) => AuditRequest } {
  const { publicUrl } = options as { readonly publicUrl?: unknown }
  if (typeof publicUrl !== 'string') return { signed: url, sent: (request) => request }
  return {
    signed: publicUrl,
    sent: (request) => ({ ...request, url: new URL(url).href + new URL(request.url).search }),
  }
}

/** Returns true if a delivery contains the id of its event. Then two deliveries can have the same event. */
function hasIds(provider: Provider, id: string, sign: (making: Making) => AuditRequest): boolean {
  if (provider.ids === false) return false
  const { headers, body, url } = sign({ id })
  return `${url} ${JSON.stringify(headers)} ${Buffer.from(body).toString()}`.includes(id)
}

/** Returns made-up secrets in the formats of many senders, without the correct secret. */
function otherSecrets(about: About, right: unknown, random: () => number): readonly string[] {
  if (about.secretOption === undefined) return []
  const own = new Set(textsOf(right))
  return madeUpSecrets()
    .map((secret) =>
      secret.includes('of tests') ? `${secret} ${Math.floor(random() * 1e9)}` : secret,
    )
    .filter((secret) => !own.has(secret))
}

function madeWith(
  about: About,
  options: object,
  secret: string | readonly string[],
  draft: Draft,
): Provider | undefined {
  try {
    const provider = about.create({ ...options, [about.secretOption!]: secret })
    provider.sign!(draft)
    return provider
  } catch {
    return undefined
  }
}

function textsOf(secret: unknown): readonly string[] {
  if (typeof secret === 'string') return [secret]
  if (Array.isArray(secret)) return secret.flatMap(textsOf)
  if (typeof secret === 'object' && secret !== null && 'secret' in secret)
    return textsOf(secret.secret)
  return []
}

/** Returns random numbers from 0 to below 1, which depend only on the seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function letters(count: number, random: () => number): string {
  const signs = 'abcdefghijklmnopqrstuvwxyz'
  return Array.from({ length: count }, () => signs[Math.floor(random() * signs.length)]!).join('')
}

/** The facts about a provider's deliveries on which the cases depend. */
export interface AuditFacts {
  /** Header or query parameter that contains the signature. Undefined if the signature is in the body. */
  readonly place: SignaturePlace | undefined
  /** Part of the body that the signature covers. */
  readonly covers: 'bytes' | 'fields' | 'none'
  /** Maximum allowed age of the signed time, in seconds. Undefined without a signed time or a documented limit. */
  readonly tolerance: number | undefined
  /** True if an event keeps its id in all deliveries, and a test can choose the id. */
  readonly ids: boolean
  readonly json: boolean
  /** Size of the largest body in bytes, if documented. */
  readonly largest: number | undefined
  /** Time limit of the sender for a reply, in milliseconds, if documented. */
  readonly within: number | undefined
}

function auditFacts(
  about: About,
  provider: Provider,
  shown: Pick<AuditFacts, 'place' | 'ids' | 'json'>,
): AuditFacts {
  const { largest, within } = about.delivers
  return {
    ...shown,
    covers: provider.covers.body,
    tolerance: toleranceOf(about, provider),
    largest: typeof largest === 'number' ? largest : undefined,
    within: typeof within === 'number' ? within : undefined,
  }
}

/** Returns the provider's option `tolerance` in seconds, or else the documented value. */
function toleranceOf(about: About, provider: Provider): number | undefined {
  if (provider.covers.timestamp !== true) return undefined
  const given = (madeOf(provider)?.options as { readonly tolerance?: unknown } | undefined)
    ?.tolerance
  if (typeof given === 'number') return given
  return typeof about.tolerance === 'number' ? about.tolerance : undefined
}

/**
 * Returns the documented place of the signature, or else the header that differs between two secrets. Undefined if the
 * signature is in the body, because a test cannot replace the signature without the body.
 */
function signaturePlaceOf(
  about: About,
  signed: AuditRequest,
  bySecret: AuditRequest | undefined,
): SignaturePlace | undefined {
  const { place } = about
  if (place && 'field' in place) return undefined
  if (place && valueAt(signed, place) !== undefined) return place
  const changed = signed.headers.find(
    ([name, value]) => bySecret !== undefined && headerOf(bySecret, name) !== value,
  )
  return changed && { header: changed[0] }
}

/** Finds the MAC (the signature itself) in a header value: the last part that looks like a MAC. */
export function macOf(value: string): {
  readonly mac: string
  readonly put: (mac: string) => string
} {
  const found = [...value.matchAll(/[A-Za-z0-9+/_-]{20,}={0,2}/g)].at(-1)
  const mac = found?.[0] ?? /[^ =,]+=*$/.exec(value)?.[0] ?? value
  const at = found?.index ?? value.length - mac.length
  return { mac, put: (other) => value.slice(0, at) + other + value.slice(at + mac.length) }
}

/** Replaces one character with another that is valid in both hex and base64. */
export function otherLetter(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`
}
