import type { Provider } from '@postern/core/scheme'
import { casesOf } from './battery.ts'
import { type AuditCase, isAccepted } from './request.ts'
import { createEffects, type Effects, type Send, type AuditStage, playCase } from './play.ts'
import { findingsOf, gradeOf, judgePlayed, type JudgeFacts, type Played } from './judge.ts'
import { createLeakWatch } from './leaks.ts'
import { watchMemory, type AuditReport, type NotJudged, type AuditFailure } from './report.ts'
import { auditSender, type AuditSender } from './sender.ts'
import { setTimeout as wait } from 'node:timers/promises'

/** Options of {@link audit}. */
export interface AuditOptions {
  /** Provider with the secret of the receiver under test. The provider must be able to sign. */
  readonly provider: Provider
  /** Sends one request to the receiver and returns the reply. If no reply came, the status is 0. */
  readonly send: Send
  /**
   * Returns the number of effects of the handler so far, such as rows that it wrote. @default cases that need the
   * number are unknown
   */
  readonly effect?: () => number | Promise<number>
  /** URL of the receiver. @default 'https://example.com/webhooks' */
  readonly url?: string
  /** Seed of random choices, such as which byte to change. Event ids are new in each run. @default 1 */
  readonly seed?: number
  /** Returns the time at which deliveries are signed, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
  /**
   * Returns true for the ids of the cases to play. If some cases are left out, the report has no grade. @default all
   */
  readonly only?: (id: string) => boolean
  /** False skips cases that are expensive for the receiver. @default true */
  readonly heavy?: boolean
  /** Returns further cases, such as those that need a network. @default none */
  readonly more?: (sender: AuditSender) => readonly AuditCase[]
  /** Checks whether the receiver's process runs, and restarts it. @default the process cannot end */
  readonly life?: ProcessLife
  /** Restarts the receiver between two deliveries of one event. @default this case is skipped */
  readonly restart?: () => Promise<void>
  /** Returns the log of the receiver since the run started. @default logs are not judged */
  readonly log?: () => string | Promise<string>
  /** Returns the memory that the receiver uses, in bytes; NaN if unknown. @default memory is not judged */
  readonly memory?: () => Promise<number>
  /**
   * Minimum wait for an effect before it counts as missing, in milliseconds. The wait for the first effect is ten times
   * as long. @default 1500
   */
  readonly patience?: number
  /** Minimum time to wait for late effects, in milliseconds. Values above 2000 count as 2000. @default 20 */
  readonly quiet?: number
  /** Called with each case after it was played. @default none */
  readonly heard?: (judged: AuditCase) => void
}

/**
 * Plays all cases (the battery) against a receiver and returns a report with a grade. First, two genuine deliveries are
 * sent. If the receiver does not accept both with one effect each, nothing is judged. A failure counts only if it
 * occurs again with new deliveries. The timing of comparisons is not judged.
 *
 * @throws {TypeError} if the provider cannot sign, or if `effect` returns something other than a number.
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
  // Cases about leaks and memory concern the whole run, so they are judged last.
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
  const part = chosen.length < all.length - left.size ? 'some cases were left out' : undefined
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

// Time limit for a reply in milliseconds, if the sender documents none. Such senders close the connection after 10 to
// 30 s.
const LONGEST = 10_000

/** Sends two genuine deliveries. Returns a problem unless both are accepted with one effect each. */
async function baseline(
  sender: AuditSender,
  { send, effects, sent }: AuditStage,
): Promise<string | undefined> {
  for (const _ of [1, 2]) {
    const reply = await send(sender.sign(), { done: new AbortController().signal })
    const replied = performance.now()
    sent(1)
    if (!isAccepted(reply))
      return `no baseline: a genuine delivery got ${reply?.status ? reply.status : (reply?.error ?? 'no reply')}; check the URL, the secret and the options of the provider`
    if (!effects) continue
    const rise = await effects.rise(1)
    effects.took(performance.now() - replied)
    if (rise !== 1)
      return `no baseline: one genuine delivery changed the count of effects by ${rise}, expected 1; count each effect of the handler once per event`
  }
  return undefined
}

function skippedBy(judged: AuditCase, options: AuditOptions): readonly NotJudged[] {
  const reason =
    judged.skip ??
    (judged.heavy && options.heavy === false
      ? 'too many or too large requests to send to another host'
      : judged.between === 'restart' && !options.restart
        ? 'the command that restarts the receiver was not given'
        : undefined)
  return reason === undefined ? [] : [{ id: judged.id, reason }]
}

/** Without a count of effects, the case `forged/late-effects` is unknown, because replies do not show late effects. */
function unseen(unknown: readonly NotJudged[], effects: Effects | undefined): readonly NotJudged[] {
  if (effects || unknown.some(({ id }) => id === UNSEEN)) return unknown
  return [
    ...unknown,
    { id: UNSEEN, reason: 'the reply does not show the result: give a way to count effects' },
  ]
}

const UNSEEN = 'forged/late-effects'

interface CasesOutcome {
  readonly failures: AuditFailure[]
  readonly notes: AuditFailure[]
  readonly unconfirmed: AuditFailure[]
  readonly unknown: NotJudged[]
  readonly passed: string[]
}

interface RunningAudit {
  readonly stage: AuditStage
  readonly facts: JudgeFacts
  /** Undefined if the receiver runs in this process. */
  readonly life: ProcessLife | undefined
  readonly heard: (judged: AuditCase) => void
}

// After a crash, this number of recent cases is played again, because the crash may come a few requests late.
const SUSPECTS = 3

/** Plays cases in order. A failure counts only if it occurs again with new requests. */
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
  // Rejections are judged in groups. Reading the effects after each rejection would take most of the run time.
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
        reason: 'the reply does not show the result: give a way to count effects',
      })
    if (verdict !== undefined && verdict !== 'unknown') return confirm(judged, verdict)
    if (isRejection) rejections.push(judged)
    else outcome.passed.push(judged.id)
  }

  async function play(judged: AuditCase, alone = false): Promise<Played> {
    if (dirty && judged.expects.effects !== undefined) {
      dirty = false
      // Effects of a burst may continue for some time, so wait until no new effects appear.
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
      return played.replies.some(isAccepted) ? effects.settle() : undefined
    }
    const rise = await effects.rise(
      played.replies.some(isAccepted) ? wanted - (played.rise ?? 0) : 0,
    )
    const isCounted = judged.late === true || judged.class === 'idempotency'
    return isCounted ? rise + (await settled(effects, judged.late === true)) : rise
  }

  async function confirm(judged: AuditCase, first: AuditFailure): Promise<void> {
    // Late effects come from deliveries of earlier cases, so playing only this case again would not show them.
    if (judged.late && first.symptom === 'effects' && (await searchLate())) return
    for (let tries = judged.tries ?? 1; tries > 0; tries--) {
      const again = judgePlayed(await play(judged, true), facts)
      if (again === undefined || again === 'unknown' || again.symptom !== first.symptom) continue
      return add(again)
    }
    outcome.unconfirmed.push(first)
  }

  /** If the rejected deliveries had effects, plays each of these cases alone to find the one that has an effect. */
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

  /**
   * Plays once more the cases whose deliveries must be rejected, with a longer wait. Returns true if one of them had an
   * effect.
   */
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
// Number of waits for late effects.
const LATE = 5

async function settled(effects: Effects, late: boolean): Promise<number> {
  let more = 0
  for (let times = late ? LATE : 1; times > 0; times--) more += await effects.settle()
  return more
}

function isCut({ replies }: Played): boolean {
  return replies.some((reply) => reply?.status === 0)
}

/** Checks and restarts the process of a receiver. */
export interface ProcessLife {
  /** Returns true if the process accepts connections. */
  alive(): Promise<boolean>
  /** Restarts the process, or waits until its supervisor restarts it. Returns false if the process stays down. */
  revive(): Promise<boolean>
}

interface Crash {
  /** The failure that ended the process. Undefined if the process did not end again. */
  readonly failure: AuditFailure | undefined
  readonly gone: boolean
}

// Time after a reply in which the process may still end, in milliseconds.
const MOMENT = 150

/** Plays the latest cases again, newest first, to find the case that ends the process. */
async function blame(
  recent: readonly Played[],
  play: (judged: AuditCase) => Promise<Played>,
  life: ProcessLife,
): Promise<Crash> {
  const [last, before] = recent
  if (!(await life.revive())) {
    // If the port was closed during the last case, the process had ended before. So the case before the last caused the
    // crash.
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
 * Value of `error` in a reply if the port was closed. Such a request came too late to have ended the process.
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
