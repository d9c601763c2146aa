import type { Provider } from '@postern/core/scheme'
import type { AuditCase, CaseClass } from './case.ts'
import { authenticCases } from './cases/authentic.ts'
import { otherBodyCases } from './cases/bodies.ts'
import { handshakeCase } from './cases/handshake.ts'
import { layoutCases } from './cases/layouts.ts'
import { repeatCases } from './cases/repeats.ts'
import { secretCases } from './cases/secrets.ts'
import { spoiltSignatureCases } from './cases/signatures.ts'
import { spoiltCases } from './cases/spoilt.ts'
import { oddTimeCases } from './cases/times.ts'
import { unsignedCases } from './cases/unsigned.ts'
import { leakCases } from './leaks.ts'
import { memoryCase } from './memory.ts'
import { createSender, type AuditSender } from './sender.ts'

/** The order of play: what could spoil the judgement of others comes last. */
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
  /** The URL that is audited. @default 'https://example.com/webhooks' */
  readonly url?: string
  /** Decides what is left to chance: which byte is changed, and the like. @default 1 */
  readonly seed?: number
  /** The clock that deliveries are signed by, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
  /** True if the ids of events come of the seed too, so that two runs send the same. @default false */
  readonly seededIds?: boolean
  /** Cases beside those of the battery, such as those that need a network. @default none */
  readonly more?: (sender: AuditSender) => readonly AuditCase[]
}

/**
 * Every case for one sender, in the order in which they are played. What does not apply to the sender is there with the reason.
 *
 * @throws TypeError if the provider cannot sign.
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
  const sender = await createSender(provider, { url, seed, now, seededIds })
  return casesOf(sender, more(sender))
}

/** The cases of a sender with further ones, in order. */
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
    why: 'What is refused in the reply and done in the background is done.',
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
    why: 'Whoever can stop the receiver with a request stops it for all.',
    remedy: 'crash',
  }
}
