import type { Provider } from '@postern/core/scheme'
import { casesOf } from './battery.ts'
import type { AuditCase } from './request.ts'
import { createEffects, type Effects, type Send, type AuditStage, playCase } from './play.ts'
import { findingsOf, gradeOf, judgePlayed, type JudgeFacts, type Played } from './judge.ts'
import { createLeakWatch } from './leaks.ts'
import { watchMemory, type AuditReport, type NotJudged, type AuditFailure } from './report.ts'
import { auditSender, type AuditSender } from './sender.ts'
import { setTimeout as wait } from 'node:timers/promises'

/** Options of {@link audit}. */
export interface AuditOptions {
  /** The sender, with the secret that the receiver has. It must be able to sign. */
  readonly provider: Provider
  /** Sends one request to the receiver and returns its reply, of status 0 if there is none. */
  readonly send: Send
  /** Counts how often the handler had its effect, as rows that it wrote. @default what shows only in effects is unknown */
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
  /** Cases next to those of the battery, such as those that need a network. @default none */
  readonly more?: (sender: AuditSender) => readonly AuditCase[]
  /** Looks if the receiver's process is there, and starts it again. @default it cannot end */
  readonly life?: ProcessLife
  /** Starts the receiver again, between two deliveries of one event. @default that is not judged */
  readonly restart?: () => Promise<void>
  /** What the receiver has logged since the run started. @default logs are not judged */
  readonly log?: () => string | Promise<string>
  /** Bytes of memory that the receiver takes; NaN if nobody knows. @default memory is not judged */
  readonly memory?: () => Promise<number>
  /** Milliseconds that an effect may take at least; the first one ten times as long. @default 1500 */
  readonly patience?: number
  /** Milliseconds after which no late effect is expected. @default 20 */
  readonly quiet?: number
  /** Called with each case that was played. @default nobody does */
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
  const sender = await auditSender(provider, { url, seed, now })
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
      return `no baseline: the effect rose by ${rise} for one genuine delivery; count each effect of the handler once per event`
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

/** Without an observer, an effect of what was rejected would not be seen. */
function unseen(unknown: readonly NotJudged[], effects: Effects | undefined): readonly NotJudged[] {
  if (effects || unknown.some(({ id }) => id === UNSEEN)) return unknown
  return [...unknown, { id: UNSEEN, reason: 'only its effects tell: give an observer' }]
}

const UNSEEN = 'forged/late-effects'

/** What came of the cases. */
interface CasesOutcome {
  readonly failures: AuditFailure[]
  readonly notes: AuditFailure[]
  readonly unconfirmed: AuditFailure[]
  readonly unknown: NotJudged[]
  readonly passed: string[]
}

/** What a run is made with. */
interface RunningAudit {
  readonly stage: AuditStage
  readonly facts: JudgeFacts
  /** Absent in process, where nothing can end alone. */
  readonly life: ProcessLife | undefined
  readonly heard: (judged: AuditCase) => void
}

// The process may end some requests after the one that is guilty.
const SUSPECTS = 3

/** Plays cases one after another. Each failure is played again with fresh requests, and counts if it comes again. */
async function runCases(
  cases: readonly AuditCase[],
  { stage, facts, life, heard }: RunningAudit,
): Promise<CasesOutcome> {
  const { effects } = stage
  const outcome: CasesOutcome = {
    failures: [],
    notes: [],
    unconfirmed: [],
    unknown: [],
    passed: [],
  }
  // Rejections are looked at together: to read the effects of each would take most of the time of a run.
  let rejections: AuditCase[] = []
  let recent: Played[] = []
  let dirty = false
  let gone = false

  for (const judged of cases) {
    if (!gone && judged.expects.effects !== 0) await settleRejections()
    if (gone) outcome.unknown.push({ id: judged.id, reason: GONE })
    else await one(judged)
    heard(judged)
  }
  await settleRejections()
  return outcome

  async function one(judged: AuditCase): Promise<void> {
    const played = await play(judged)
    if (life && isCut(played) && !(await life.alive())) return crashed(life)
    const verdict = judgePlayed(played, facts)
    const isRejection = judged.expects.effects === 0 && effects !== undefined
    if (verdict === 'unknown' && !isRejection)
      return void outcome.unknown.push({
        id: judged.id,
        reason: 'only its effects tell: give an observer',
      })
    if (verdict !== undefined && verdict !== 'unknown') return confirm(judged, verdict)
    if (isRejection) rejections.push(judged)
    else outcome.passed.push(judged.id)
  }

  /** Plays a case, and counts its effects if they are judged now. */
  async function play(judged: AuditCase, alone = false): Promise<Played> {
    if (dirty && judged.expects.effects !== undefined) {
      dirty = false
      // A burst may take a while.
      for (let times = 20; times > 0 && ((await effects?.settle()) ?? 0) > 0; times--);
    }
    const played = await playCase(judged, stage)
    const rise = await riseOf(judged, played, alone)
    const counted = rise === undefined ? played : { ...played, rise: rise + (played.rise ?? 0) }
    recent = [counted, ...recent].slice(0, SUSPECTS)
    return counted
  }

  async function riseOf(
    judged: AuditCase,
    played: Played,
    alone: boolean,
  ): Promise<number | undefined> {
    const { effects: wanted } = judged.expects
    if (!effects || isCut(played)) return undefined
    if (wanted === undefined) {
      dirty = true
      return undefined
    }
    if (wanted === 0) {
      if (alone) return settled(effects, true)
      return isTaken(played) ? effects.settle() : undefined
    }
    const rise = await effects.rise(isTaken(played) ? wanted - (played.rise ?? 0) : 0)
    const isCounted = judged.late === true || judged.class === 'idempotency'
    return isCounted ? rise + (await settled(effects, judged.late === true)) : rise
  }

  async function confirm(judged: AuditCase, first: AuditFailure): Promise<void> {
    // The effects are of what was rejected before: a genuine delivery alone would not show them again.
    if (judged.late && first.symptom === 'effects' && (await searchLate())) return
    for (let tries = judged.tries ?? 1; tries > 0; tries--) {
      const again = judgePlayed(await play(judged, true), facts)
      if (again === undefined || again === 'unknown' || again.symptom !== first.symptom) continue
      return add(again)
    }
    outcome.unconfirmed.push(first)
  }

  /** If effects happened although all were rejected, each is played alone. */
  async function settleRejections(): Promise<void> {
    const all = rejections
    rejections = []
    if (all.length === 0 || !effects) return
    const isSilent = (await effects.settle()) === 0
    for (const judged of all) {
      const verdict = isSilent ? undefined : judgePlayed(await play(judged, true), facts)
      if (verdict === undefined || verdict === 'unknown') outcome.passed.push(judged.id)
      else add(verdict)
    }
  }

  /** Plays all that was rejected without an effect again, and waits longer. True if one had an effect. */
  async function searchLate(): Promise<boolean> {
    let found = false
    for (const judged of cases) {
      if (judged.expects.effects !== 0 || !outcome.passed.includes(judged.id)) continue
      const verdict = judgePlayed(await play(judged, true), facts)
      if (verdict === undefined || verdict === 'unknown') continue
      outcome.passed.splice(outcome.passed.indexOf(judged.id), 1)
      add(verdict)
      found = true
    }
    return found
  }

  async function crashed(by: ProcessLife): Promise<void> {
    const { failure, gone: isGone } = await blame(recent, (judged) => playCase(judged, stage), by)
    recent = []
    gone = isGone
    if (failure) add(failure)
    if (!gone) await effects?.reset()
  }

  function add(failure: AuditFailure): void {
    const { notes, failures } = outcome
    const kept = failure.severity === 'note' ? notes : failures
    const isKnown = kept.some(
      (one) => one.case.id === failure.case.id && one.symptom === failure.symptom,
    )
    if (!isKnown) kept.push(failure)
  }
}

const GONE = 'the receiver ended and did not come back: give --restart'
// Late effects are waited for five times as long.
const LATE = 5

async function settled(effects: Effects, late: boolean): Promise<number> {
  let more = 0
  for (let times = late ? LATE : 1; times > 0; times--) more += await effects.settle()
  return more
}

function isCut({ replies }: Played): boolean {
  return replies.some((reply) => reply?.status === 0)
}

function isTaken({ replies }: Played): boolean {
  return replies.some((reply) => reply && reply.status >= 200 && reply.status < 300)
}

/** How the process behind a receiver is looked at. */
export interface ProcessLife {
  /** True if something listens. */
  alive(): Promise<boolean>
  /** Starts it again, or waits for whoever does; false if it stays away. */
  revive(): Promise<boolean>
}

/** What came of a crash. */
interface Crash {
  /** The case that ended the process; undefined if it did not end again. */
  readonly failure: AuditFailure | undefined
  /** True if nothing listens any more. */
  readonly gone: boolean
}

// A process that ends after its reply needs a moment.
const MOMENT = 150

/** Finds the case that ended the process, by playing the last ones again: the newest first. */
async function blame(
  recent: readonly Played[],
  play: (judged: AuditCase) => Promise<Played>,
  life: ProcessLife,
): Promise<Crash> {
  const [last, before] = recent
  if (!(await life.revive())) {
    // What met a closed port came too late to be guilty.
    const isLate = last!.replies.some((reply) => reply?.error === REFUSED_CONNECTION)
    return { failure: crashOf(isLate && before ? before : last!), gone: true }
  }
  for (const { case: judged } of recent) {
    const played = await play(judged)
    await wait(MOMENT)
    if (await life.alive()) continue
    return { failure: crashOf(played), gone: !(await life.revive()) }
  }
  return { failure: undefined, gone: false }
}

/**
 * The error of a reply that a closed port gave: such a request came too late to have ended the process.
 *
 * @example const reply = { status: 0, headers: {}, body: '', ms: 0, error: REFUSED_CONNECTION }
 */
export const REFUSED_CONNECTION = 'the connection was refused'

function crashOf({ case: judged, requests }: Played): AuditFailure {
  const byStranger = judged.expects.reply === 'rejected'
  return {
    case: judged,
    symptom: 'crash',
    severity: byStranger || judged.class === 'resilience' ? 'critical' : 'high',
    came: 'the process ended',
    ...(requests[0] && { request: requests[0] }),
  }
}
