import type { Provider } from '@postern/core/scheme'
import { casesOf } from './battery.ts'
import type { AuditCase } from './case.ts'
import type { ProcessLife } from './crash.ts'
import { createEffects, type Effects } from './effects.ts'
import { findingsOf, gradeOf } from './grade.ts'
import { createLeakWatch } from './leaks.ts'
import { watchMemory } from './memory.ts'
import type { Send, AuditStage } from './play.ts'
import type { AuditReport, NotJudged } from './report.ts'
import { runCases } from './run.ts'
import { createSender, type AuditSender } from './sender.ts'

/** Options of {@link audit}. */
export interface AuditOptions {
  /** The sender, with the secret that the receiver has. It must be able to sign. */
  readonly provider: Provider
  /** Sends one request to the receiver and returns its reply, of status 0 if there is none. */
  readonly send: Send
  /** Counts how often the handler had its effect, as rows that it wrote. @default what shows in effects alone is unknown */
  readonly effect?: () => number | Promise<number>
  /** The URL of the receiver. @default 'https://example.com/webhooks' */
  readonly url?: string
  /** Decides what is left to chance. Ids of events are fresh in each run. @default 1 */
  readonly seed?: number
  /** The clock that deliveries are signed by, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
  /** Chooses cases by their ids. A part of the battery has no grade. @default all */
  readonly only?: (id: string) => boolean
  /** False leaves out what costs the receiver much. @default true */
  readonly heavy?: boolean
  /** Cases beside those of the battery, such as those that need a network. @default none */
  readonly more?: (sender: AuditSender) => readonly AuditCase[]
  /** Looks if the receiver's process is there, and starts it again. @default it cannot end */
  readonly life?: ProcessLife
  /** Starts the receiver again, between two deliveries of one event. @default that is not judged */
  readonly restart?: () => Promise<void>
  /** What the receiver has logged since the run began. @default logs are not judged */
  readonly log?: () => string | Promise<string>
  /** Bytes of memory that the receiver takes; NaN if nobody knows. @default memory is not judged */
  readonly memory?: () => Promise<number>
  /** Milliseconds that an effect may take at least; the first one ten times as long. @default 1500 */
  readonly patience?: number
  /** Milliseconds after which no late effect is expected. @default 20 */
  readonly quiet?: number
  /** Hears of each case that was played. @default nobody does */
  readonly heard?: (judged: AuditCase) => void
}

/**
 * Plays the battery against a receiver, and judges it. First a genuine delivery must be taken, with one effect: without this
 * baseline nothing is judged. Each failure is confirmed by fresh deliveries. The timing of a comparison is not judged.
 *
 * @throws TypeError if the provider cannot sign, or `effect` returns no number.
 * @example
 * const report = await audit({ provider: stripe({ secret }), send: (request) => post(request), effect: () => countRows() })
 * console.log(report.grade, report.findings)
 */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const started = performance.now()
  const { provider, url = 'https://example.com/webhooks', seed = 1, now = Date.now } = options
  const sender = await createSender(provider, { url, seed, now })
  const all = casesOf(sender, options.more?.(sender) ?? [], {
    log: options.log !== undefined,
    memory: options.memory !== undefined,
  })
  const skipped = all.flatMap((one) => skippedBy(one, options))
  const left = new Set(skipped.map(({ id }) => id))
  const { only = () => true } = options
  const chosen = all.filter(({ id }) => !left.has(id) && only(id))
  const { patience = 1500, quiet = 20 } = options
  const effects = options.effect && (await createEffects(options.effect, { patience, quiet }))
  const leaks = createLeakWatch(
    sender,
    chosen.filter((one) => one.class === 'leaks'),
  )
  let requests = 0
  const stage: AuditStage = {
    send: options.send,
    effects,
    leaks,
    restart: options.restart,
    sent: (count) => void (requests += count),
  }
  const broken = await baseline(sender, stage)
  // What no request belongs to is looked at when all is over.
  const watched = chosen.filter((one) => one.class === 'leaks' || one.id === 'health/memory')
  const played = broken === undefined ? chosen.filter((one) => !watched.includes(one)) : []
  const memory = watchMemory(options.memory, chosen)
  await memory.start()
  const outcome = await runCases(played, {
    stage,
    facts: { within: sender.facts.within ?? LONGEST },
    life: options.life,
    heard: options.heard ?? (() => undefined),
  })
  if (options.log && broken === undefined) leaks.log(await options.log())
  const failures = [...outcome.failures, ...leaks.failures, ...(await memory.failures())]
  const kept = watched.filter(({ id }) => !failures.some((one) => one.case.id === id))
  const findings = findingsOf(failures)
  const part =
    chosen.length < all.length - left.size ? 'a part of the battery has no grade' : undefined
  const unknown = unseen(outcome.unknown, effects)
  return {
    sender: provider.name,
    seed,
    ...gradeOf({ findings, unknown: unknown.length, broken, part }),
    findings,
    notes: outcome.notes,
    unknown,
    skipped,
    unconfirmed: outcome.unconfirmed,
    passed: [...outcome.passed, ...(broken === undefined ? kept.map(({ id }) => id) : [])],
    requests,
    ms: Math.round(performance.now() - started),
  }
}

// Milliseconds. Senders that name no time hang up after some 10 to 30 s.
const LONGEST = 10_000

/** A genuine delivery is taken, with one effect. Returns what is wrong. */
async function baseline(
  sender: AuditSender,
  { send, effects, sent }: AuditStage,
): Promise<string | undefined> {
  for (const _ of [1, 2]) {
    const reply = await send(sender.sign(), { done: new AbortController().signal })
    const replied = performance.now()
    sent(1)
    if (!reply || reply.status < 200 || reply.status >= 300)
      return `no baseline: a genuine delivery got ${reply?.status ? reply.status : (reply?.error ?? 'no reply')}; check the URL, the secret and the options of the provider`
    if (!effects) continue
    const rise = await effects.rise(1)
    effects.took(performance.now() - replied)
    if (rise !== 1)
      return `no baseline: the effect rose by ${rise} for one genuine delivery; count what the handler does, once for each event`
  }
  return undefined
}

function skippedBy(judged: AuditCase, options: AuditOptions): readonly NotJudged[] {
  const reason =
    judged.skip ??
    (judged.heavy && options.heavy === false
      ? 'it costs too much to be sent to another host'
      : judged.between === 'restart' && !options.restart
        ? 'nobody said how to restart it'
        : undefined)
  return reason === undefined ? [] : [{ id: judged.id, reason }]
}

/** Without an observer, an effect of what was refused would not be seen. */
function unseen(unknown: readonly NotJudged[], effects: Effects | undefined): readonly NotJudged[] {
  if (effects || unknown.some(({ id }) => id === UNSEEN)) return unknown
  return [...unknown, { id: UNSEEN, reason: 'only its effects tell: give an observer' }]
}

const UNSEEN = 'forged/late-effects'
