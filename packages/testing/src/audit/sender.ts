import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { madeOf, type About, type Draft, type Provider, type Scheme } from '@postern/core/scheme'
import { fill, samples, type Sample, madeUpSecrets } from '@postern/samples'
import { seeded } from './chance.ts'
import { auditFacts, type AuditFacts } from './facts.ts'
import { signaturePlaceOf } from './place.ts'
import { requestOf, textOfBody, type AuditRequest } from './request.ts'

/** What a delivery is made of. Everything has a default: the sample, a fresh id, now, the right secret. */
export interface Making {
  readonly sample?: Sample
  readonly topic?: string
  readonly id?: string
  readonly at?: number
  readonly body?: string | Uint8Array
  readonly payload?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Makes the deliveries of one sender for one URL. */
export interface AuditSender {
  readonly about: About
  readonly provider: Provider
  readonly scheme: Scheme
  readonly url: string
  readonly facts: AuditFacts
  readonly samples: readonly Sample[]
  /** Chance that the seed decides: which byte is changed, and the like. */
  readonly random: () => number
  readonly now: () => number
  /** A genuine delivery; of another provider of the sender, a forged one. */
  sign(making?: Making, by?: Provider): AuditRequest
  /** An id of an event as the sender has them. */
  freshId(): string
  /** The same delivery, signed again with another body. */
  rebody(request: AuditRequest, body: string | Uint8Array): AuditRequest
  /** The same delivery, with some of it made otherwise. */
  again(request: AuditRequest, making: Making): AuditRequest
  /** The same delivery, signed with any text, checked or not. Throws if no key can be made of it. */
  signedWith(request: AuditRequest, secret: string, at?: number): AuditRequest
  /** A provider with another secret of the same form; undefined if there is none. */
  readonly other: Provider | undefined
  /** A provider with that secret and the right one, if the sender signs with both while a secret is changed. */
  readonly rotating: Provider | undefined
  /** The texts that no reply and no log may hold. */
  readonly secrets: readonly string[]
}

/** Options of {@link createSender}. */
interface SenderSettings {
  readonly url: string
  readonly seed: number
  readonly now: () => number
  /** True if ids come of the seed too: for vectors, which are never sent twice. @default false */
  readonly seededIds?: boolean
}

/**
 * Makes a sender. Ids of events are fresh in each run, whatever the seed is: a receiver that keeps them would take a second run for
 * duplicates.
 */
export async function createSender(
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
    // A sender of the app's own: it has its topics alone.
    return about.topics.map((topic) => ({ topic, payload: {} }))
  }
}

/** Senders that sign the URL sign the public one, while the request goes to the URL that is audited. */
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

/** True if the id of a draft is part of the delivery, so that two deliveries can be of one event. */
function hasIds(provider: Provider, id: string, sign: (making: Making) => AuditRequest): boolean {
  if (provider.ids === false) return false
  const { headers, body, url } = sign({ id })
  return `${url} ${JSON.stringify(headers)} ${Buffer.from(body).toString()}`.includes(id)
}

/** Secrets of every form that are made up now, none of which is the right one. */
function otherSecrets(about: About, right: unknown, random: () => number): readonly string[] {
  if (about.secretOption === undefined) return []
  const own = new Set(textsOf(right))
  return madeUpSecrets()
    .map((secret) =>
      secret.includes('of tests') ? `${secret} ${Math.floor(random() * 1e9)}` : secret,
    )
    .filter((secret) => !own.has(secret))
}

/** A provider of the same options with these secrets; undefined if they have another form than the sender's. */
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

/** The texts of a secret option. */
function textsOf(secret: unknown): readonly string[] {
  if (typeof secret === 'string') return [secret]
  if (Array.isArray(secret)) return secret.flatMap(textsOf)
  if (typeof secret === 'object' && secret !== null && 'secret' in secret)
    return textsOf(secret.secret)
  return []
}
