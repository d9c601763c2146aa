import type { Provider } from '@postern/core/scheme'
import { madeOf, type SenderChallenge } from '@postern/core/internal'
import { type AuditCase, type CaseClass, type AuditRequest, casesLike } from './request.ts'
import { authenticCases, skipUnless, NO_TIME } from './cases/authentic.ts'
import { otherBodyCases } from './cases/bodies.ts'
import { layoutCases } from './cases/layouts.ts'
import { spoiltSignatureCases, FORGERY } from './cases/signatures.ts'
import { spoiltCases } from './cases/spoilt.ts'
import { unsignedCases } from './cases/unsigned.ts'
import { leakCases } from './leaks.ts'
import { memoryCase } from './report.ts'
import { auditSender, type AuditSender, letters } from './sender.ts'
import { Buffer } from 'node:buffer'
import { oddTimeCases } from './cases/times.ts'

/** Classes of cases in the order of play. Cases that could change the result of other cases come last. */
const ORDER: readonly CaseClass[] = [
  'authentic',
  'forged',
  'idempotency',
  'resilience',
  'spoilt',
  'surface',
  'leaks',
  'health',
]

/** Options of {@link battery}. */
export interface BatteryOptions {
  /** URL of the receiver. @default 'https://example.com/webhooks' */
  readonly url?: string
  /** Seed of random choices, such as which byte to change. @default 1 */
  readonly seed?: number
  /** Returns the time at which deliveries are signed, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
  /** If true, event ids also depend on the seed, so that two runs send the same requests. @default false */
  readonly seededIds?: boolean
  /** Returns further cases, such as those that need a network. @default none */
  readonly more?: (sender: AuditSender) => readonly AuditCase[]
}

/**
 * Returns every case for one sender, in the order in which they are played. If a case does not apply, its `skip` has
 * the reason.
 *
 * @throws {TypeError} if the provider cannot sign.
 * @example
 * for (const { id, what, why } of await battery(stripe({ secret }))) console.log(id, what, why)
 */
export async function battery(
  provider: Provider,
  options: BatteryOptions = {},
): Promise<readonly AuditCase[]> {
  const {
    url = 'https://example.com/webhooks',
    seed = 1,
    now = Date.now,
    more = () => [],
  } = options
  const { seededIds = false } = options
  const sender = await auditSender(provider, { url, seed, now, seededIds })
  return casesOf(sender, more(sender))
}

export function casesOf(
  sender: AuditSender,
  more: readonly AuditCase[],
  has: { readonly log: boolean; readonly memory: boolean } = { log: false, memory: false },
): readonly AuditCase[] {
  return [
    ...authenticCases(sender),
    handshakeCase(sender),
    ...layoutCases(sender),
    ...unsignedCases(sender),
    ...spoiltSignatureCases(sender),
    ...secretCases(sender),
    ...otherBodyCases(sender),
    ...oddTimeCases(sender),
    lateEffects(sender),
    ...repeatCases(sender),
    ...spoiltCases(sender),
    ...leakCases(has.log),
    ...more,
    afterAll(sender),
    memoryCase(has.memory),
  ].toSorted((one, other) => ORDER.indexOf(one.class) - ORDER.indexOf(other.class))
}

function lateEffects(sender: AuditSender): AuditCase {
  return {
    id: 'forged/late-effects',
    class: 'forged',
    severity: 'critical',
    what: 'a genuine delivery after all forged ones',
    sends: () => [[sender.sign()]],
    expects: { reply: 'taken', effects: 1 },
    why: 'A rejection in the reply does not stop work that runs in the background.',
    remedy: 'after-verify',
    late: true,
  }
}

function afterAll(sender: AuditSender): AuditCase {
  return {
    id: 'health/after',
    class: 'health',
    severity: 'critical',
    what: 'a genuine delivery after all of this',
    sends: () => [[sender.sign()]],
    expects: { reply: 'taken', effects: 1 },
    why: 'A request that stops the receiver stops it for everybody.',
    remedy: 'crash',
  }
}

function handshakeCase(sender: AuditSender): AuditCase {
  const text = letters(24, sender.random)
  const challenge = filled(sender, text)
  return {
    id: 'authentic/handshake',
    class: 'authentic',
    severity: 'high',
    what: 'the challenge by which the sender asks whether the URL is yours',
    sends: () => [[typeof challenge === 'string' ? sender.sign() : asked(sender, challenge)]],
    expects: { reply: 'taken', text, effects: 0 },
    why: 'Without the right answer, the sender does not register the URL. Some senders ask again later, and disable the URL.',
    remedy: 'handshake',
    ...(typeof challenge === 'string' && { skip: challenge }),
  }
}

function asked(
  sender: AuditSender,
  { query, headers = {}, payload }: SenderChallenge,
): AuditRequest {
  if (payload !== undefined) return sender.sign({ body: JSON.stringify(payload), headers })
  const url = new URL(sender.url)
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
  return { method: 'GET', url: url.href, headers: Object.entries(headers), body: Buffer.alloc(0) }
}

/** Puts the text and the provider's options into the sender's challenge. Returns the reason if an option is missing. */
function filled({ about, provider }: AuditSender, text: string): SenderChallenge | string {
  if (!about.challenge)
    return 'the sender asks nothing that is known, or its answer cannot be known'
  const options = (madeOf(provider)?.options ?? {}) as Readonly<Record<string, unknown>>
  const json = JSON.stringify(about.challenge).replaceAll('{text}', text)
  const missing = [...json.matchAll(/\{option:(\w+)\}/g)].find(
    ([, name]) => typeof options[name!] !== 'string',
  )
  if (missing) return `the provider has no ${missing[1]}`
  return JSON.parse(
    json.replaceAll(/\{option:(\w+)\}/g, (_, name: string) =>
      JSON.stringify(options[name]).slice(1, -1),
    ),
  ) as SenderChallenge
}

/** Cases with deliveries signed with a wrong secret: another secret, an empty one, or a placeholder. */
function secretCases(sender: AuditSender): readonly AuditCase[] {
  const forged = casesLike({
    ...FORGERY,
    why: 'A receiver whose secret is empty or a placeholder accepts deliveries that anybody can sign.',
    remedy: 'secret',
  })
  const wrong = (id: string, what: string, texts: readonly string[]): AuditCase => {
    const usable = texts.filter((text) => canSign(sender, text))
    return forged(
      `secret-${id}`,
      what,
      () => usable.map((text) => [sender.signedWith(sender.sign(), text)]),
      skipUnless(usable.length > 0, 'this text cannot be used as a key of this sender'),
    )
  }
  return [
    forged(
      'secret-other',
      'a delivery signed with another secret',
      () => sender.sign({}, sender.other),
      {
        why: FORGERY.why,
        remedy: FORGERY.remedy,
        ...skipUnless(sender.other !== undefined, 'no other secret of its form can be made up'),
      },
    ),
    wrong('empty', 'a delivery signed with an empty secret', ['']),
    wrong('undefined', 'a delivery signed with the word undefined, null or None', [
      'undefined',
      'null',
      'None',
    ]),
    wrong('placeholder', 'a delivery signed with what examples have in place of a secret', [
      'secret',
      'changeme',
      '<your-secret>',
      'whsec_...',
      'your_webhook_secret',
    ]),
  ]
}

function canSign(sender: AuditSender, secret: string): boolean {
  const { place } = sender.about
  // If the body contains the signature, signing again would also sign the old signature.
  if (!sender.facts.place || (place && 'field' in place)) return false
  if (sender.secrets.includes(secret)) return false
  try {
    sender.signedWith(sender.sign(), secret)
    return true
  } catch {
    return false
  }
}

const NO_IDS = 'the sender’s events have no id that stays the same'

function repeatCases(sender: AuditSender): readonly AuditCase[] {
  const { facts } = sender
  const repeated = casesLike({
    class: 'idempotency',
    severity: 'high',
    expects: { reply: 'taken', effects: 1 },
    why: 'Senders redeliver an event if the reply got lost. The order must still be booked, mailed or shipped only once.',
    remedy: 'dedupe',
    ...skipUnless(facts.ids, NO_IDS),
  })
  const twice = (): readonly AuditRequest[][] => {
    const request = sender.sign()
    return [[request], [request]]
  }
  return [
    repeated('twice', 'one delivery, and the same again', twice),
    repeated(
      'at-once',
      'one delivery, five times at once',
      () => {
        const request = sender.sign()
        return [Array.from({ length: 5 }, () => request)]
      },
      { expects: { reply: 'busy', effects: 1 }, tries: 3 },
    ),
    repeated(
      'signed-again',
      'one event, signed again for its retry',
      () => {
        const now = sender.now()
        const request = sender.sign({ id: sender.freshId(), at: now - 2000 })
        return [[request], [sender.again(request, { at: now })]]
      },
      skipUnless(facts.ids && facts.tolerance !== undefined, facts.ids ? NO_TIME : NO_IDS),
    ),
    repeated(
      'two-alike',
      'two events with the same content and two ids',
      () => {
        const request = sender.sign({ id: sender.freshId() })
        return [[request], [sender.again(request, { id: sender.freshId() })]]
      },
      {
        expects: { reply: 'taken', effects: 2 },
        ...skipUnless(
          facts.ids && sender.about.repeats && sender.about.delivers.retryId !== 'new',
          facts.ids ? 'retries of this sender have new ids or other bytes' : NO_IDS,
        ),
        why: 'A customer can order the same thing twice: the id tells events apart, not the content.',
      },
    ),
    repeated('restart', 'one delivery, a restart, and the same delivery again', twice, {
      between: 'restart',
      why: 'A deploy clears memory, and retries arrive for hours.',
    }),
  ]
}
