import type { WebhookError } from '../../errors.ts'
import type { Tries, Base } from './attempt.ts'
import type { Bounds } from '../bounds.ts'
import type { Clue } from '../finding.ts'
import { groupsOf } from './groups.ts'
import type { Subject } from '../subject.ts'
import { changed, type TrialState, type Trial } from './trial.ts'

const BASES = 6
const DEPTH = 4

/** True if a header of the signature, or the body that stands for one, is missing or cannot be read. */
export function isHeaderError({ code }: WebhookError): boolean {
  return code === 'missing_header' || code === 'malformed_header' || code === 'malformed_body'
}

/** True if both say the same of the same place. */
function isSame(a: WebhookError, b: WebhookError): boolean {
  const facts = ['code', 'problem', 'header', 'parameter', 'field', 'expected', 'got'] as const
  return facts.every((fact) => a[fact] === b[fact])
}

/** States whose headers can be read, or the proof itself. */
export async function repaired(
  subject: Subject,
  root: Base,
  error: WebhookError,
  attempts: Tries,
  trial: Trial,
  bounds: Bounds,
): Promise<Base[] | { readonly steps: readonly Clue[] }> {
  return repairs(root, 0)

  async function repairs(
    from: Base,
    depth: number,
  ): Promise<Base[] | { readonly steps: readonly Clue[] }> {
    const bases: Base[] = []
    const further: TrialState[] = []
    const hits: TrialState[] = []
    const { headers, envelopes, bodies } = from.groups
    for (const kind of [headers, envelopes, ...(from.reads.body ? [bodies] : [])])
      for (const change of await kind(from.state)) {
        const state = changed(from.state, change)
        const found = state && (await attempts.whole(state, from))
        if (!found) {
          if (bounds.over()) break
          continue
        }
        if ('steps' in found) return found
        if (found.hit) hits.push(state)
        if (!isHeaderError(found.error)) {
          // Signatures that are written in different ways have one sight.
          const alike = bases.find(({ sight }) => sight && sight.id === found.sight?.id)
          if (alike) alike.alike.push(state)
          else if (bases.length < BASES)
            bases.push({ ...from, state, sight: found.sight, alike: [] })
          // One header more is there, or the one that was missing can now be told to be malformed.
        } else if ((kind === envelopes || !isSame(found.error, error)) && further.length < BASES)
          further.push(state)
      }
    for (const state of hits) {
      const steps = await attempts.written(state, from.groups)
      if (steps) return { steps }
    }
    if (bases.length > 0) return regrouped(bases)
    if (depth >= DEPTH) return []
    for (const state of further) {
      const next = await grouped(state)
      const found = next ? await repairs(next, depth + 1) : []
      if (!Array.isArray(found) || found.length > 0) return found
    }
    return []
  }

  async function regrouped(bases: readonly Base[]): Promise<Base[]> {
    const found: Base[] = []
    for (const base of bases) {
      const next = await grouped(base.state)
      if (next) found.push({ ...base, groups: next.groups, reads: next.reads })
    }
    return found
  }

  /** More headers are read once the first ones can be. */
  async function grouped(state: TrialState): Promise<Base | undefined> {
    const looked = await trial.look(state)
    if (!looked) return undefined
    const groups = groupsOf({ ...subject, state }, looked.reads, trial, bounds)
    return { state, sight: undefined, groups, reads: looked.reads, alike: [] }
  }
}
