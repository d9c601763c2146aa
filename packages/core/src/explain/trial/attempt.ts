import type { WebhookError } from '../../errors.ts'
import type { Bounds } from '../bounds.ts'
import type { Change, Clue } from '../finding.ts'
import type { Groups } from './groups.ts'
import type { Reads } from './recording.ts'
import { see, type Sight } from './sight.ts'
import { changed, type TrialOutcome, type TrialState, type Trial } from './trial.ts'

/** A refused state to search from. */
export interface Base {
  readonly state: TrialState
  /** Undefined if nothing was compared by HMAC: each change is verified as a whole then. */
  readonly sight: Sight | undefined
  readonly groups: Groups
  readonly reads: Reads
  /** States with the same sight whose headers are written another way. */
  readonly alike: TrialState[]
}

/** What one state turned out to be: the proof, or why it is refused and what was compared. */
type TriedState =
  | { readonly steps: readonly Clue[] }
  | {
      readonly error: WebhookError
      readonly sight: Sight | undefined
      /** True if a signature that came matches: what is left is how it is written. */
      readonly hit: boolean
    }

/** Tries changes of a base, each as cheaply as it can be tried. */
export interface Tries {
  /** The proof, if the base verifies after this change, or after it and another writing of the signature. */
  change(base: Base, change: Change): Promise<readonly Clue[] | undefined>
  /** Verifies a state as a whole. Undefined if the bounds are used up. */
  whole(state: TrialState, base: Pick<Base, 'reads'>): Promise<TriedState | undefined>
  /** The proof with the signature written another way, or made by another hash function, or both. */
  written(state: TrialState, groups: Groups): Promise<readonly Clue[] | undefined>
}

// A signature that matches is there: what is left is how it is written.
const WRITINGS = 400

export function createTries(trial: Trial, bounds: Bounds): Tries {
  return { change, whole, written }

  async function change(base: Base, one: Change): Promise<readonly Clue[] | undefined> {
    const next = changed(base.state, one)
    if (!next) return undefined
    const { sight } = base
    if (!sight || !isSeen(base.state, next, sight)) {
      const found = await whole(next, base)
      if (!found) return undefined
      if ('steps' in found) return found.steps
      return found.hit ? written(next, base.groups) : undefined
    }
    await bounds.turn(next.keys.length * next.request.body.byteLength)
    if (!next.keys.some((key) => sight.hits(key, next.request.body))) return undefined
    for (const alike of base.alike) {
      const state = onto(alike, one)
      const outcome = state && (await trial.run(state))
      if (outcome?.accepted) return proof(state!, outcome)
    }
    return confirmed(next, base.groups)
  }

  async function whole(
    state: TrialState,
    { reads }: Pick<Base, 'reads'>,
  ): Promise<TriedState | undefined> {
    const seen = await see(state, reads.headers, trial, bounds)
    if (!seen) return undefined
    const { outcome, sight } = seen
    if (outcome.accepted) return { steps: proof(state, outcome) }
    const hit = sight !== undefined && state.keys.some((key) => sight.hits(key, state.request.body))
    return { error: outcome.error, sight, hit }
  }

  async function confirmed(
    state: TrialState,
    groups: Groups,
  ): Promise<readonly Clue[] | undefined> {
    const outcome = await trial.run(state)
    return outcome?.accepted ? proof(state, outcome) : written(state, groups)
  }

  async function written(
    state: TrialState,
    { headers, algorithms }: Groups,
  ): Promise<readonly Clue[] | undefined> {
    const states: TrialState[] = []
    for (const kind of [headers, algorithms]) {
      let count = 0
      for (const one of await kind(state)) {
        const next = changed(state, one)
        const outcome = next && (await trial.run(next))
        if (outcome?.accepted) return proof(next!, outcome)
        if (next && outcome?.error?.code === 'signature_mismatch') states.push(next)
        if (++count >= WRITINGS || bounds.over()) break
      }
    }
    for (const from of states.slice(0, 40))
      for (const one of await algorithms(from)) {
        const next = changed(from, one)
        const outcome = next && (await trial.run(next))
        if (outcome?.accepted) return proof(next!, outcome)
      }
    return undefined
  }

  function proof(state: TrialState, outcome: TrialOutcome): readonly Clue[] {
    trial.repaired = state.request
    return causesOf(state, outcome)
  }
}

/** A change of keys and body made of another state: its headers stay. */
export function onto(state: TrialState, { request, ...change }: Change): TrialState | undefined {
  const body = request && { request: { ...state.request, body: request.body } }
  return changed(state, { ...change, ...body })
}

// What a sight can tell: other keys, and another body if it lies in the message as it came.
function isSeen(from: TrialState, to: TrialState, sight: Sight): boolean {
  const [one, other] = [from.request, to.request]
  if (from.provider !== to.provider || one.headers !== other.headers) return false
  if (one.url !== other.url || one.method !== other.method) return false
  return !sight.fixed || one.body === other.body
}

function causesOf(state: TrialState, outcome: TrialOutcome): readonly Clue[] {
  const steps = [...state.steps, ...(outcome.accepted ? outcome.steps : [])]
  const byAlgorithm = steps.some(({ cause }) => cause === 'signature-algorithm')
  const seen = new Set<string>()
  return steps.filter(({ cause }) => {
    // `sha1=` before a SHA-1 is part of the other algorithm.
    if (seen.has(cause) || (byAlgorithm && cause === 'signature-prefix')) return false
    seen.add(cause)
    return true
  })
}
