import { readsXml } from '../body/formats.ts'
import type { Delivery, DeliveryInit } from '../delivery.ts'
import type { KeptRequest } from '../inbox/journal.ts'
import type { Provider } from '../provider/provider.ts'
import { unknownOptions } from '../basics/unknown-options.ts'
import { createBounds, type Bounds } from './bounds.ts'
import { likely } from './likely.ts'
import {
  finding,
  inertName,
  type ExplainOptions,
  type Explanation,
  type Finding,
  type Clue,
  type PlainRequest,
  type Reads,
} from './finding.ts'
import { search } from './trial/search.ts'
import { type Subject, subjectOf } from './subject.ts'
import { createTrial, type Trial, deliveryOf } from './trial/trial.ts'
import type { SenderSecrets } from './secret/secrets.ts'
import { loadXml } from '../body/xml/xml.ts'
import { toWebhookError, type WebhookError } from '../errors.ts'
import { isPromise } from '../basics/maybe.ts'
import type { About } from '../provider/about.ts'
import { keysOf } from '../provider/key-forms.ts'
import { madeOf } from '../provider/made.ts'
import { createDelivery, isDelivery } from '../receive/http-delivery.ts'

/**
 * Explains why a delivery does not verify. Undoes common mistakes, first one and then two at a time. If the delivery
 * then verifies, these mistakes are proven. A mistake that loses information (a wrong secret, a truncated body) is
 * reported as likely. Of several providers, explains the provider that accepts the delivery, or else the provider whose
 * headers the delivery has. Works for up to `ms` milliseconds, in slices between which other work can run. Never throws
 * for network data. Findings quote no secret and no signature; without `repaired`, the result contains no payload. If
 * the secret is a function, it is called once.
 *
 * @param delivery - can be a rejected delivery that a journal kept (`KeptRequest`). Masked values in it cannot be
 * judged, and a finding says so.
 * @throws TypeError if an option is wrong or unknown.
 * @example
 * const { findings } = await explain(delivery, stripe({ secret }))
 * findings[0] // { cause: 'secret-whitespace', certainty: 'proven', message: …, remedy: … }
 */
export async function explain(
  delivery: Delivery | (DeliveryInit & Pick<KeptRequest, 'masked'>),
  provider: Provider | readonly Provider[],
  options: ExplainOptions = {},
): Promise<Explanation> {
  unknownOptions('explain', options, [
    'catalogue',
    'now',
    'attempts',
    'ms',
    'fingerprints',
    'repaired',
  ])
  const { now = () => Date.now(), attempts = 20_000, ms = 1000, fingerprints = true } = options
  const catalogue = [...(options.catalogue?.values() ?? [])]
  for (const [name, value] of Object.entries({ attempts, ms }))
    if (!(typeof value === 'number' && value > 0))
      throw new TypeError(
        `explain: ${name} must be a number above 0, got ${String(value)}; omit it`,
      )
  const providers = [provider].flat() as readonly Provider[]
  if (providers.length === 0)
    throw new TypeError('explain: provider must be one provider or more, got none; give yours')

  const given = isDelivery(delivery) ? delivery : createDelivery(delivery)
  const bounds = createBounds(attempts, ms)
  const trial = createTrial(bounds, now())
  const cases: Case[] = []
  for (const one of providers) {
    let found: Case
    // With `allOf`, each provider in `proofs` must accept. The first provider that rejects is explained.
    for (const proof of one.proofs ?? [one]) {
      found = await judgeCase(given, proof, trial, fingerprints)
      if (found.error) break
    }
    if (!found!.error) return said(found!, [])
    cases.push(found!)
  }
  const rejected = cases.find((one) => one.error!.code !== 'missing_header') ?? cases[0]!
  const masked = isDelivery(delivery) ? undefined : maskedFinding(delivery.masked, rejected)
  const others = await findings(rejected)
  return said(rejected, withMasked(others, masked))

  async function findings({
    subject,
    error,
    reads,
    time,
    provider: one,
  }: Case): Promise<Finding[]> {
    if (time.length > 0) return proven(time)
    if (!subject)
      return likely({ subject, error: error!, reads, provider: one, others: [], held: [], ms })
    const { request } = subject.state
    const missing = error!.code === 'missing_header'
    const ask = () =>
      otherSenders(request, subject.secrets?.texts ?? [], one.name, catalogue, trial, bounds)
    // Another sender may sign in the same way, with another header name. If that header were renamed, verification
    // would succeed and hide the other sender. So other senders are checked first.
    const early = missing && !isOurs(request, reads) ? await ask() : undefined
    if (early?.verified === 1) return early.steps.map((step) => finding(step, 'proven'))
    if (early && early.verified > 1) return early.steps.map((step) => finding(step, 'likely'))
    const found = await search(subject, error!, reads, trial, bounds)
    if (found) return proven(found)
    const late = early ?? (await ask())
    if (late.verified === 1) return late.steps.map((step) => finding(step, 'proven'))
    // If a header of this provider is present, the delivery is probably from this sender. Then senders that only use
    // similar headers are not suggested.
    const others = early || late.verified > 0 ? late.steps : []
    const held = cases.flatMap((other) => heldBy(other, subject))
    return likely({ subject, error: error!, reads, provider: one, others, held, ms })
  }

  function said(found: Case, all: readonly Finding[]): Explanation {
    return {
      verdict: found.error ? 'rejected' : 'accepted',
      code: found.error?.code,
      provider: found.provider.name,
      findings: all,
      stats: bounds.stats(),
      ...(options.repaired && trial.repaired && { repaired: trial.repaired }),
    }
  }
}

function heldBy({ subject, provider }: Case, { made }: Subject): readonly SenderSecrets[] {
  const isSame = subject?.made?.factory.about.name === made?.factory.about.name
  return subject?.secrets && isSame ? [{ provider: provider.name, secrets: subject.secrets }] : []
}

function proven(steps: readonly Clue[]): Finding[] {
  const found = steps.map((step) =>
    // A `guessed` cause is not proven, since only the resulting date is plausible, such as with a timestamp in another
    // unit.
    finding(step, step.guessed ? 'likely' : 'proven'),
  )
  if (!steps.some(({ cause }) => cause === 'stale')) return found
  return [...found, finding(SLOW, 'possible')]
}

const SLOW: Clue = {
  cause: 'clock-skew',
  message: 'the clock of this machine may be ahead if the sender sent the delivery just now',
  remedy: 'compare the clock with a time server',
}

const MOST = 8

function maskedFinding(
  masked: readonly string[] | undefined,
  { provider }: Pick<Case, 'provider'>,
): Finding | undefined {
  if (masked === undefined || masked.length === 0) return undefined
  const places = masked.slice(0, MOST).map(inertName).join(', ')
  const inBody = masked.some((place) => /^(?:field |body$)/.test(place))
  const decides = inBody && provider.covers.body !== 'none'
  return finding(
    {
      cause: 'credential-masked',
      message: `a credential was masked before the delivery was stored (${places})${
        decides ? ', so its signature over the body can no longer match' : ''
      }`,
      remedy: `if ${provider.name} sends none there, the delivery comes from another sender: correct the URL at that sender; else compare the secret of this receiver with that of the sender`,
    },
    decides ? 'likely' : 'possible',
  )
}

/** Adds the finding about masked values: first if it is likely and no cause is proven, else last. */
function withMasked(findings: readonly Finding[], masked: Finding | undefined): readonly Finding[] {
  if (!masked) return findings
  const isProven = findings.some(({ certainty }) => certainty === 'proven')
  return masked.certainty === 'likely' && !isProven ? [masked, ...findings] : [...findings, masked]
}

/** One provider with the result of verifying the unchanged delivery. */
interface Case {
  /** Undefined if the secrets of the provider are unavailable. */
  readonly subject: Subject | undefined
  readonly provider: Provider
  readonly error: WebhookError | undefined
  readonly reads: Reads
  /** Proven causes that concern only the time: the delivery verifies if the clock is set to another time. */
  readonly time: readonly Clue[]
}

async function judgeCase(
  delivery: Delivery,
  provider: Provider,
  trial: Trial,
  fingerprints: boolean,
): Promise<Case> {
  const nothing: Reads = { headers: new Set(), url: false, body: false, method: false }
  if (readsXml(provider)) await loadXml()
  let subject: Subject
  try {
    subject = await subjectOf(delivery, provider, fingerprints)
  } catch (error) {
    const thrown = toWebhookError(error, 'secret_unavailable')
    return { subject: undefined, provider, error: thrown, reads: nothing, time: [] }
  }
  const looked = await trial.look(subject.state)
  if (!looked) return { subject, provider, error: undefined, reads: nothing, time: [] }
  const { outcome, reads } = looked
  const error =
    !outcome.accepted && (await isGreeted(delivery, provider)) ? undefined : outcome.error
  return { subject, provider, error, reads, time: outcome.accepted ? outcome.steps : [] }
}

async function isGreeted(delivery: Delivery, provider: Provider): Promise<boolean> {
  try {
    return (await provider.greet?.(delivery, Date.now)) !== undefined
  } catch {
    return false
  }
}

// Maximum number of other senders that findings name.
const NAMED = 20

/**
 * Returns the other senders that set headers of this delivery. If the signature verifies for some of these senders with
 * the configured secret, returns only them.
 */
async function otherSenders(
  request: PlainRequest,
  secrets: readonly string[],
  name: string,
  catalogue: readonly About[],
  trial: Trial,
  bounds: Bounds,
): Promise<{ readonly steps: readonly Clue[]; readonly verified: number }> {
  const seen: About[] = []
  const verified: About[] = []
  for (const about of catalogue) {
    if (bounds.over()) break
    // `explain` must send no requests, but a provider that cannot sign fetches its keys.
    if (about.name === name || !about.canSign || about.secretOption === undefined) continue
    const provider = made(about, secrets)
    if (!provider) continue
    const known = hasItsHeaders(request, provider)
    if (known === false) continue
    if (known) seen.push(about)
    const keys = madeOf(provider)!.scheme.keys ?? allKeys(provider, secrets)
    const outcome = await trial.run({ request, provider, keys, steps: [] })
    if (outcome?.accepted) verified.push(about)
  }
  const why =
    verified.length > 0
      ? 'its signature matches with the same secret'
      : 'it has the headers of that sender'
  const named = verified.length > 0 ? verified : seen
  return {
    verified: verified.length,
    steps: named.slice(0, NAMED).map((about) => wrong(about, why)),
  }
}

/** Returns true if the delivery has headers that only the expected sender sets. */
function isOurs(request: PlainRequest, reads: Reads): boolean {
  const families = [...reads.headers].flatMap(
    (name) => /^(?!content-|user-|x-forwarded)(?:x-)?[^-]+-/.exec(name)?.[0] ?? [],
  )
  return [...request.headers.keys()].some((name) =>
    families.some((family) => name.startsWith(family)),
  )
}

// Example secrets in the formats of many senders. A provider needs a secret before it can say which headers it needs.
const LOOKS = [
  'a secret to look with',
  'whsec_YSBzZWNyZXQgdG8gbG9vayB3aXRoLi4=',
  'a1b2c3d4'.repeat(8),
  'user:a password to look with',
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==',
]

function made(about: About, secrets: readonly string[]): Provider | undefined {
  for (const secret of [...secrets, ...LOOKS]) {
    try {
      const provider = about.create({ [about.secretOption!]: secret })
      if (madeOf(provider)) return provider
    } catch {
      // The provider expects secrets in another format.
    }
  }
  return undefined
}

function allKeys(provider: Provider, secrets: readonly string[]): readonly unknown[] {
  const { scheme } = madeOf(provider)!
  return secrets.flatMap((secret) => {
    try {
      return keysOf(scheme, secret)
    } catch {
      return []
    }
  })
}

/**
 * Returns true if the delivery has the headers of a sender. Returns undefined if the sender sets no headers of its own.
 */
function hasItsHeaders(request: PlainRequest, provider: Provider): boolean | undefined {
  const { scheme } = madeOf(provider)!
  const { needs = [] } = scheme
  // Many senders use a token in Authorization or in the query, so such a token does not identify the sender.
  if (scheme.head === true)
    return (
      needs.length > 0 && needs.every((one) => one !== 'authorization' && request.headers.has(one))
    )
  if (needs.length > 0) return needs.every((header) => request.headers.has(header))
  if (!scheme.present) return undefined
  try {
    const found = scheme.present(deliveryOf({ request, provider, keys: [], steps: [] }))
    return !isPromise(found) && found === true
  } catch {
    return false
  }
}

function wrong(about: About, why: string): Clue {
  return {
    cause: 'wrong-provider',
    message: `the delivery comes from ${about.title}: ${why}`,
    remedy: `send it to a receiver with the provider ${about.name}, or correct the URL at ${about.title}`,
  }
}
