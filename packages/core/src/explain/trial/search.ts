import type { WebhookError } from '../../errors.ts'
import type { Bounds } from '../bounds.ts'
import type { Change, Clue, Reads } from '../finding.ts'
import type { Subject } from '../subject.ts'
import { groupsOf, type Groups } from './groups.ts'
import { changed, type Trial, type TrialState } from './trial.ts'

type Kind = keyof Groups

/**
 * One step of the search, which tries every change of `kind`: alone, or in combination with a change of another kind.
 */
interface Round {
  readonly kind: Kind
  /** The other kind, whose change is applied first, and the maximum number of its changes to combine. @default none */
  readonly after?: readonly [kind: Kind, most: number]
  readonly most?: number
}

// Maximum number of rewritten bodies to combine with another change. Writing a body costs more than verifying it.
const WRITTEN = 240

/** The rounds in order: common and cheap rounds first. */
const ROUNDS: readonly (readonly Round[])[] = [
  [
    { kind: 'headers' },
    { kind: 'secrets' },
    { kind: 'envelopes' },
    { kind: 'bodies' },
    { kind: 'layouts' },
    { kind: 'urls' },
    { kind: 'algorithms' },
  ],
  [{ kind: 'twiceSecrets' }, { kind: 'writers' }],
  [
    ...(['secrets', 'bodies', 'headers', 'algorithms'] as const).map((kind): Round => ({
      kind,
      after: ['headers', 40],
      most: 80,
    })),
    { kind: 'bodies', after: ['secrets', 80], most: 80 },
    { kind: 'bodies', after: ['bodies', 80], most: 80 },
    ...(['bodies', 'envelopes', 'headers', 'secrets'] as const).map((kind): Round => ({
      kind,
      after: ['envelopes', 8],
      most: 120,
    })),
    { kind: 'urls', after: ['headers', 40], most: 80 },
    { kind: 'bodies', after: ['urls', 60], most: 80 },
    { kind: 'secrets', after: ['urls', 60], most: 40 },
    { kind: 'urls', after: ['envelopes', 8], most: 120 },
    { kind: 'headers', after: ['algorithms', 4] },
    ...(['secrets', 'bodies', 'envelopes', 'writers'] as const).map((kind): Round => ({
      kind: 'algorithms',
      after: [kind, 120],
    })),
    { kind: 'writers', after: ['envelopes', 8], most: WRITTEN },
    { kind: 'writers', after: ['charsets', 8], most: WRITTEN },
  ],
]

// Maximum number of states from which the search continues.
const BASES = 6
// Maximum number of changes in a row to make signature headers readable.
const DEPTH = 4

/**
 * A starting point of the search: a request with its provider and keys, which verification rejects, and the changes to
 * try. Only parts of the request that verification read are changed.
 */
interface Base {
  readonly state: TrialState
  readonly groups: Groups
}

/** Searches for one or two changes that make the delivery verify; undefined if none are found within the bounds. */
export async function search(
  subject: Subject,
  error: WebhookError,
  reads: Reads,
  trial: Trial,
  bounds: Bounds,
): Promise<readonly Clue[] | undefined> {
  const root = baseOf(subject.state, reads)
  // Nothing else can be judged while a signature header is unreadable, so headers are repaired first.
  const bases = isHeaderError(error) ? await readable(root, 0) : [root]
  if ('proof' in bases) return bases.proof
  for (const rounds of ROUNDS)
    for (const base of bases)
      for (const round of rounds) {
        const proof = await played(base, round)
        if (proof) return proof
      }
  for (const base of bases) {
    const proof = await writtenBeside(base)
    if (proof) return proof
  }
  return undefined

  function baseOf(state: TrialState, read: Reads): Base {
    return { state, groups: groupsOf({ ...subject, state }, read, trial, bounds) }
  }

  async function played(
    { state, groups }: Base,
    { kind, after, most }: Round,
  ): Promise<readonly Clue[] | undefined> {
    const states = after ? changesOf(groups, state, ...after) : [{ state }]
    for await (const from of states)
      for await (const next of changesOf(groups, from.state, kind, most)) {
        const proof = await verified(next.state)
        if (proof) return proof
      }
    return undefined
  }

  /**
   * Combines each rewritten body with the most common changes of headers, secrets and URLs. Writing a body is slow, so
   * each body is written only once.
   */
  async function writtenBeside({ state, groups }: Base): Promise<readonly Clue[] | undefined> {
    const beside: TrialState[] = []
    for (const [kind, most] of [
      ['headers', 40],
      ['secrets', 20],
      ['urls', 20],
    ] as const)
      for await (const { state: one } of changesOf(groups, state, kind, most)) beside.push(one)
    for await (const { change } of changesOf(groups, state, 'writers', WRITTEN))
      for (const from of beside) {
        const request = { ...from.request, body: change.request!.body }
        const proof = await verified(changed(from, { ...change, request })!)
        if (proof) return proof
      }
    return undefined
  }

  async function* changesOf(
    groups: Groups,
    from: TrialState,
    kind: Kind,
    most = Infinity,
  ): AsyncGenerator<{ readonly change: Change; readonly state: TrialState }> {
    let count = 0
    for (const change of await groups[kind](from)) {
      if (bounds.over() || count++ >= most) return
      const state = changed(from, change)
      if (state) yield { change, state }
    }
  }

  async function verified(state: TrialState): Promise<readonly Clue[] | undefined> {
    const outcome = await trial.run(state)
    return outcome?.accepted ? proofOf(state, outcome.steps) : undefined
  }

  function proofOf(state: TrialState, steps: readonly Clue[]): readonly Clue[] {
    trial.repaired = state.request
    return causesOf([...state.steps, ...steps])
  }

  /**
   * Changes a state until its signature headers can be read. Returns the changed states with readable headers. If a
   * changed state verifies, returns the proof instead.
   */
  async function readable(
    { state, groups }: Base,
    depth: number,
  ): Promise<readonly Base[] | { readonly proof: readonly Clue[] }> {
    const found: TrialState[] = []
    const further: TrialState[] = []
    for (const kind of ['headers', 'envelopes', 'bodies'] as const)
      for await (const next of changesOf(groups, state, kind)) {
        const outcome = await trial.run(next.state)
        if (!outcome) continue
        if (outcome.accepted) return { proof: proofOf(next.state, outcome.steps) }
        if (!isHeaderError(outcome.error)) found.push(next.state)
        // The change helped: one more header is present, or a missing header is now only malformed.
        else if (kind === 'envelopes' || !isSame(outcome.error, error)) further.push(next.state)
      }
    if (found.length > 0 || depth >= DEPTH) return looked(found)
    for (const base of await looked(further)) {
      const bases = await readable(base, depth + 1)
      if ('proof' in bases || bases.length > 0) return bases
    }
    return []
  }

  async function looked(states: readonly TrialState[]): Promise<readonly Base[]> {
    const bases: Base[] = []
    for (const state of states.slice(0, BASES)) {
      const seen = await trial.look(state)
      if (seen) bases.push(baseOf(state, seen.reads))
    }
    return bases
  }
}

/** Returns true if a signature header, or the body that contains the signature, is missing or unreadable. */
function isHeaderError({ code }: WebhookError): boolean {
  return code === 'missing_header' || code === 'malformed_header' || code === 'malformed_body'
}

function isSame(a: WebhookError, b: WebhookError): boolean {
  const facts = ['code', 'problem', 'header', 'parameter', 'field', 'expected', 'got'] as const
  return facts.every((fact) => a[fact] === b[fact])
}

function causesOf(steps: readonly Clue[]): readonly Clue[] {
  const byAlgorithm = steps.some(({ cause }) => cause === 'signature-algorithm')
  const seen = new Set<string>()
  return steps.filter(({ cause }) => {
    // The prefix `sha1=` belongs to the algorithm SHA-1, so it is not reported as a second cause.
    if (seen.has(cause) || (byAlgorithm && cause === 'signature-prefix')) return false
    seen.add(cause)
    return true
  })
}
