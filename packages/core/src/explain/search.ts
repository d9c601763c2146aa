import type { WebhookError } from '../errors.ts'
import { isPromise } from '../maybe.ts'
import type { Bounds } from './bounds.ts'
import type { Step } from './finding.ts'
import { groupsOf, type Group, type Groups } from './groups.ts'
import type { Reads } from './recording.ts'
import type { Subject } from './subject.ts'
import { changed, type Outcome, type State, type Trial } from './trial.ts'

// Changes of a kind that are combined with those of another kind: 80 × 80 verifications take about 0.1 s.
const PAIRED = 80
// The commonest ways to write a body: all layouts with its own escapes, and its own layout with all escapes.
const WRITTEN = 100
const BASES = 6
const DEPTH = 4

/** Searches for the changes that make a delivery verify. Undefined if none are found within the bounds. */
export async function search(
  subject: Subject,
  error: WebhookError,
  reads: Reads,
  trial: Trial,
  bounds: Bounds,
): Promise<readonly Step[] | undefined> {
  const groups = groupsOf(subject, reads, trial, bounds)
  if (!isHeaderError(error)) return (await searchFrom(subject.state, groups)) ?? undefined
  // Without a header that can be read nothing else can be judged: it is repaired first.
  const bases = await repairs(subject.state, groups, reads, 0)
  if (!Array.isArray(bases)) return bases.steps
  for (const base of bases) {
    const looked = await trial.look(base)
    if (!looked) return undefined
    const from = groupsOf({ ...subject, state: base }, looked.reads, trial, bounds)
    const found = await searchFrom(base, from)
    if (found) return found
  }
  return undefined

  /** States whose headers can be read, or the proof itself. */
  async function repairs(
    state: State,
    from: Groups,
    seen: Reads,
    depth: number,
  ): Promise<State[] | { readonly steps: readonly Step[] }> {
    const bases: State[] = []
    const further: State[] = []
    const kinds = [from.headers, from.envelopes, ...(seen.body ? [from.bodies] : [])]
    for (const kind of kinds)
      for await (const { next, outcome } of tried(state, kind)) {
        if (outcome.accepted) return { steps: proof(next, outcome) }
        if (!isHeaderError(outcome.error)) {
          if (bases.length < BASES) bases.push(next)
        } else if (isOther(outcome.error) && further.length < BASES) further.push(next)
      }
    if (bases.length > 0 || depth >= DEPTH) return bases
    for (const next of further) {
      const looked = await trial.look(next)
      if (!looked) return bases
      const onward = groupsOf({ ...subject, state: next }, looked.reads, trial, bounds)
      const found = await repairs(next, onward, looked.reads, depth + 1)
      if (!Array.isArray(found) || found.length > 0) return found
    }
    return bases

    // One header more is there, or the one that was missing can now be told to be malformed.
    function isOther(now: WebhookError): boolean {
      return now.message !== error.message
    }
  }

  async function searchFrom(state: State, by: Groups): Promise<readonly Step[] | undefined> {
    const cheap = [by.headers, by.secrets, by.envelopes, by.bodies, by.urls, by.algorithms]
    for (const kind of [...cheap, by.twiceSecrets]) {
      const found = await first(state, kind)
      if (found) return found
    }
    for (const [one, other] of pairsOf(by)) {
      const found = await pair(state, one, other, PAIRED)
      if (found) return found
    }
    const found = await first(state, by.writers)
    if (found) return found
    for (const other of [by.secrets, by.headers, by.algorithms, by.urls]) {
      // Writing a body costs more than another key: each body is written once.
      const both = await pair(state, by.writers, other, WRITTEN, PAIRED)
      if (both) return both
    }
    for (const other of [by.bodies, by.envelopes]) {
      const both = await pair(state, other, by.writers, PAIRED, 4 * WRITTEN)
      if (both) return both
    }
    return undefined
  }

  async function first(state: State, kind: Group): Promise<readonly Step[] | undefined> {
    for await (const { next, outcome } of tried(state, kind))
      if (outcome.accepted) return proof(next, outcome)
    return undefined
  }

  async function pair(
    state: State,
    one: Group,
    other: Group,
    most: number,
    seconds = most,
  ): Promise<readonly Step[] | undefined> {
    let count = 0
    for (const change of await one(state)) {
      if (count++ >= most || bounds.over()) return undefined
      const middle = changed(state, change)
      if (!middle) continue
      let second = 0
      for await (const { next, outcome } of tried(middle, other)) {
        if (outcome.accepted) return proof(next, outcome)
        if (++second >= seconds) break
      }
    }
    return undefined
  }

  async function* tried(
    state: State,
    kind: Group,
  ): AsyncGenerator<{ readonly next: State; readonly outcome: Outcome }> {
    for (const change of await kind(state)) {
      const next = changed(state, change)
      if (!next) continue
      const running = trial.run(next)
      const outcome = isPromise(running) ? await running : running
      if (!outcome) return
      yield { next, outcome }
    }
  }
}

/** True if a header of the signature, or the body that stands for one, is missing or cannot be read. */
function isHeaderError({ code }: WebhookError): boolean {
  return code === 'missing_header' || code === 'malformed_header' || code === 'malformed_body'
}

// The most common pairs come first.
function pairsOf(by: Groups): readonly (readonly [Group, Group])[] {
  const { headers, secrets, envelopes, bodies, urls, algorithms } = by
  return [
    [headers, headers],
    [headers, secrets],
    [headers, bodies],
    [secrets, bodies],
    [bodies, bodies],
    [envelopes, bodies],
    [envelopes, envelopes],
    [headers, envelopes],
    [envelopes, secrets],
    [bodies, algorithms],
    [secrets, algorithms],
    [headers, algorithms],
    [envelopes, algorithms],
    [headers, urls],
    [urls, algorithms],
    [bodies, urls],
    [secrets, urls],
    [envelopes, urls],
  ]
}

function proof(state: State, outcome: Outcome): readonly Step[] {
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
