import type { AuditCase } from './case.ts'
import { blame, type ProcessLife } from './crash.ts'
import type { Effects } from './effects.ts'
import { judgePlayed, type JudgeFacts, type Played } from './judge.ts'
import { playCase, type AuditStage } from './play.ts'
import type { AuditFailure, NotJudged } from './report.ts'

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
export async function runCases(
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
  // Refusals are looked at together: to read the effects of each would take most of the time of a run.
  let refusals: AuditCase[] = []
  let recent: Played[] = []
  let dirty = false
  let gone = false

  for (const judged of cases) {
    if (!gone && judged.expects.effects !== 0) await settleRefusals()
    if (gone) outcome.unknown.push({ id: judged.id, reason: GONE })
    else await one(judged)
    heard(judged)
  }
  await settleRefusals()
  return outcome

  async function one(judged: AuditCase): Promise<void> {
    const played = await play(judged)
    if (life && isCut(played) && !(await life.alive())) return crashed(life)
    const verdict = judgePlayed(played, facts)
    const isRefusal = judged.expects.effects === 0 && effects !== undefined
    if (verdict === 'unknown' && !isRefusal)
      return void outcome.unknown.push({
        id: judged.id,
        reason: 'only its effects tell: give an observer',
      })
    if (verdict !== undefined && verdict !== 'unknown') return confirm(judged, verdict)
    if (isRefusal) refusals.push(judged)
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
    // The effects are of what was refused before: a genuine delivery alone would not show them again.
    if (judged.late && first.symptom === 'effects' && (await searchLate())) return
    for (let tries = judged.tries ?? 1; tries > 0; tries--) {
      const again = judgePlayed(await play(judged, true), facts)
      if (again === undefined || again === 'unknown' || again.symptom !== first.symptom) continue
      return add(again)
    }
    outcome.unconfirmed.push(first)
  }

  /** If effects happened although all were refused, each is played alone. */
  async function settleRefusals(): Promise<void> {
    const all = refusals
    refusals = []
    if (all.length === 0 || !effects) return
    const isSilent = (await effects.settle()) === 0
    for (const judged of all) {
      const verdict = isSilent ? undefined : judgePlayed(await play(judged, true), facts)
      if (verdict === undefined || verdict === 'unknown') outcome.passed.push(judged.id)
      else add(verdict)
    }
  }

  /** Plays all that was refused without an effect again, and waits longer. True if one had an effect. */
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
