import type { WebhookError } from '../../errors.ts'
import { createTries, onto, type Base } from './attempt.ts'
import type { Bounds } from '../bounds.ts'
import type { Change, Clue } from '../finding.ts'
import { groupsOf, type Group } from './groups.ts'
import type { Reads } from './recording.ts'
import { isHeaderError, repaired } from './repair.ts'
import type { Subject } from '../subject.ts'
import { changed, type TrialState, type Trial } from './trial.ts'

// Changes of a kind that are combined with those of another kind.
const PAIRED = 80
// URLs with one part changed come first.
const URLS = 60
// Times whose last digits are lost would be a thousand.
const HEADERS = 12
const ENVELOPES = 8
const MOVED = { headers: HEADERS, envelopes: ENVELOPES, urls: URLS }
// The commonest ways to write a body: all layouts with its own escapes, and its own layout with all escapes.
const WRITTEN = 120
// Beside more ways to write a body, the commonest slips alone.
const FEW = 20

/** Searches for the changes that make a delivery verify. Undefined if none are found within the bounds. */
export async function search(
  subject: Subject,
  error: WebhookError,
  reads: Reads,
  trial: Trial,
  bounds: Bounds,
): Promise<readonly Clue[] | undefined> {
  const attempts = createTries(trial, bounds)
  const groups = groupsOf(subject, reads, trial, bounds)
  const root: Base = { state: subject.state, sight: undefined, groups, reads, alike: [] }
  // Without a header that can be read nothing else can be judged: it is repaired first.
  const bases = isHeaderError(error)
    ? await repaired(subject, root, error, attempts, trial, bounds)
    : await seenAs(root)
  if (!Array.isArray(bases)) return bases.steps
  const frontiers: Frontier[] = []
  for (const base of bases) {
    const found = await singles(base)
    if ('steps' in found) return found.steps
    frontiers.push(found)
  }
  for (const phase of [cheapPairs, writers, writtenPairs])
    for (const from of frontiers) {
      const found = await phase(from)
      if (found) return found
    }
  return undefined

  async function seenAs(base: Base): Promise<Base[] | { readonly steps: readonly Clue[] }> {
    const found = await attempts.whole(base.state, base)
    if (!found) return []
    if ('steps' in found) return found
    const steps = found.hit ? await attempts.written(base.state, base.groups) : undefined
    return steps ? { steps } : [{ ...base, sight: found.sight }]
  }

  /** One change. What it left refused is kept for the pairs, unless nothing that is signed changed. */
  async function singles(base: Base): Promise<Frontier | { readonly steps: readonly Clue[] }> {
    const { secrets, envelopes, bodies, layouts, urls, algorithms } = base.groups
    const moved: Record<keyof typeof MOVED, Base[]> = { headers: [], envelopes: [], urls: [] }
    // Their signature is written another way too: two changes, so they wait for all single ones.
    const hits: TrialState[] = []
    for (const [name, kind] of [
      ['headers', headersOf(base)],
      ['secrets', secrets],
      ['envelopes', envelopes],
      ['bodies', bodies],
      ['bodies', layouts],
      ['urls', urls],
      ['algorithms', algorithms],
    ] as const)
      for (const change of await kind(base.state)) {
        if (bounds.over()) break
        if (name === 'secrets' || name === 'bodies' || name === 'algorithms') {
          const steps = await attempts.change(base, change)
          if (steps) return { steps }
          continue
        }
        const state = changed(base.state, change)
        const found = state && (await attempts.whole(state, base))
        if (!found) continue
        if ('steps' in found) return found
        const { sight } = found
        if (found.hit) hits.push(state)
        if (isHeaderError(found.error) && name !== 'envelopes') continue
        const known = [base, ...moved[name]].some(({ sight: one }) => sight && one?.id === sight.id)
        if ((!known || name === 'envelopes') && moved[name].length < MOVED[name])
          moved[name].push({ ...base, state, sight, alike: [] })
      }
    for (const state of hits) {
      const steps = await attempts.written(state, base.groups)
      if (steps) return { steps }
    }
    return { base, ...moved }
  }

  async function cheapPairs({ base, headers, envelopes, urls }: Frontier) {
    const { groups } = base
    return (
      (await product([base], groups.twiceSecrets, Infinity)) ??
      (await product(headers, headersOf(base))) ??
      (await product(headers, groups.secrets)) ??
      (await product(headers, groups.bodies)) ??
      (await product(keyed(base), groups.bodies)) ??
      (await product(edited(base, groups.bodies), groups.bodies)) ??
      (await product(envelopes, groups.bodies)) ??
      (await product(envelopes, groups.envelopes)) ??
      (await product(envelopes, headersOf(base))) ??
      (await product(envelopes, groups.secrets)) ??
      (await product(headers, groups.urls)) ??
      (await product(urls, groups.bodies)) ??
      (await product(urls, groups.secrets, 40)) ??
      (await product(envelopes, groups.urls))
    )
  }

  function writers({ base }: Frontier): Promise<readonly Clue[] | undefined> {
    return product([base], base.groups.writers, Infinity)
  }

  async function writtenPairs({ base, headers, envelopes, urls }: Frontier) {
    const inside =
      (await product(edited(base, base.groups.charsets), base.groups.writers, 2 * WRITTEN)) ??
      (await product(envelopes, base.groups.writers, 2 * WRITTEN))
    if (inside) return inside
    const keys = keyed(base)
    const others = [...headers, ...keys, ...urls.slice(0, FEW)]
    const few = [...headers, ...keys.slice(0, FEW)]
    let count = 0
    // Writing a body costs more than trying it: each body is written once for all of them.
    for (const change of base.groups.writers(base.state) as Iterable<Change>) {
      if (count >= 4 * WRITTEN) break
      for (const other of count++ < WRITTEN ? others : few) {
        if (bounds.over()) return undefined
        const request = { ...other.state.request, body: change.request!.body }
        const found = await attempts.change(other, { ...change, request })
        if (found) return found
      }
    }
    return undefined
  }

  async function product(
    from: Iterable<Base>,
    kind: Group,
    most = PAIRED,
  ): Promise<readonly Clue[] | undefined> {
    for (const base of from) {
      let count = 0
      for (const change of await kind(base.state)) {
        if (bounds.over()) return undefined
        const found = await attempts.change(base, change)
        if (found) return found
        if (++count >= most) break
      }
    }
    return undefined
  }
}

/** What one change left refused, by kinds. */
interface Frontier {
  readonly base: Base
  readonly headers: readonly Base[]
  readonly envelopes: readonly Base[]
  readonly urls: readonly Base[]
}

/** A sight knows each signature in whatever writing: only another message can help then. */
function headersOf({ sight, groups }: Base): Group {
  return sight ? groups.moves : groups.headers
}

/** The base with its secrets read otherwise. */
function keyed(base: Base): Base[] {
  const changes = base.groups.secrets(base.state) as Iterable<Change>
  return [...changes].slice(0, PAIRED).flatMap((change) => moved(base, change))
}

/** The base with its body edited, one after another: large bodies share their memory. */
function* edited(base: Base, kind: Group): Generator<Base> {
  for (const change of kind(base.state) as Iterable<Change>)
    for (const one of moved(base, change))
      // A message that does not have the body as it came must be made again.
      yield { ...one, sight: base.sight?.fixed ? undefined : base.sight }
}

function moved(base: Base, change: Change): Base[] {
  const state = changed(base.state, change)
  if (!state) return []
  const alike = base.alike.map((one) => onto(one, change)).filter((one) => one !== undefined)
  return [{ ...base, state, alike }]
}
