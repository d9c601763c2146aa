import { HOUR } from '@postern/core/engine'
import type { SuggestReply } from '../api/list.ts'
import { payloadNames } from '../search/payload-names.ts'
import { OUTCOMES, QUALIFIERS, STATE_WORDS } from '../search/query.ts'
import { lastWord, quoted } from '../search/tokens.ts'
import type { Context } from './context.ts'
import { historyOf } from './health.ts'

const MOST = 12
// Number of newest deliveries whose topics and providers are suggested.
const RECENT = 300

interface Suggestion {
  readonly value: string
  readonly note?: string
}

/** Suggests values for the qualifier at the end of the search. If there is no qualifier, suggests qualifiers. */
export async function suggest(context: Context): Promise<SuggestReply> {
  const [, sign = '', word = ''] = /^(-?)([^]*)$/.exec(lastWord(context.query.get('q') ?? '')) ?? []
  const found = word.startsWith('payload.')
    ? await inPayloads(context, word)
    : await ofQualifiers(context, word)
  return {
    suggestions: found.slice(0, MOST).map(({ value, note }) => ({
      insert: `${sign}${value}`,
      ...(note !== undefined && { note }),
    })),
  }
}

async function ofQualifiers(context: Context, word: string): Promise<readonly Suggestion[]> {
  const colon = word.indexOf(':')
  if (colon < 0) {
    const names = Object.keys(QUALIFIERS).map((name) => `${name}:`)
    return [...names, ...(context.visitor.payloads ? ['payload.'] : [])]
      .filter((name) => name.startsWith(word.toLowerCase()))
      .map((value) => ({ value }))
  }
  const name = word.slice(0, colon)
  const values = Object.hasOwn(VALUES, name)
    ? await context.shared(`suggest ${name} ${context.visitor.payloads}`, () =>
        VALUES[name]!(context),
      )
    : []
  return begunWith(values, word.slice(colon + 1)).map(({ value, ...note }) => ({
    value: `${name}:${quoted(value)}`,
    ...note,
  }))
}

/** Suggests paths in the newest payloads. After a path and a colon, suggests values at that path. */
async function inPayloads(context: Context, word: string): Promise<readonly Suggestion[]> {
  const { inbox, seal, visitor } = context
  const { view } = inbox
  if (!visitor.payloads || !view) return []
  const names = await context.shared('suggest payload', () => payloadNames(view, seal))
  const known = names.find(({ path }) => word.startsWith(`${path}:`))
  if (known)
    return begunWith(
      known.values.map((value) => ({ value })),
      word.slice(known.path.length + 1),
    ).map(({ value }) => ({ value: `${known.path}:${quoted(value)}` }))
  const begun = word.slice('payload.'.length).toLowerCase()
  // Paths that start with the typed text come first. Then come paths with a name that starts with the text, then all
  // other paths that contain the text.
  const placeOf = (path: string): number =>
    path.startsWith(begun) ? 0 : path.includes(`.${begun}`) ? 1 : path.includes(begun) ? 2 : 3
  return names
    .map(({ path, values: [value = ''] }) => ({
      place: placeOf(path.slice('payload.'.length).toLowerCase()),
      suggestion: { value: `${path}:`, note: value.slice(0, 60) },
    }))
    .filter(({ place }) => place < 3)
    .toSorted((one, other) => one.place - other.place)
    .map(({ suggestion }) => suggestion)
}

/** Returns the suggestions whose value or note contains the typed text. */
function begunWith(values: readonly Suggestion[], typed: string): readonly Suggestion[] {
  const begun = typed.replace(/^"/, '').toLowerCase()
  return values.filter(
    ({ value, note = '' }) =>
      value.toLowerCase().includes(begun) || note.toLowerCase().includes(begun),
  )
}

const TIMES = ['15m', '1h', '6h', '24h', '7d', 'today', 'yesterday']

const VALUES: Readonly<Record<string, (context: Context) => Promise<readonly Suggestion[]>>> = {
  state: async () => STATE_WORDS.map((value) => ({ value })),
  outcome: async () => OUTCOMES.map((value) => ({ value })),
  since: async () => TIMES.map((value) => ({ value })),
  until: async () => TIMES.map((value) => ({ value })),
  async topic({ inbox, receivers }) {
    const page = await inbox.journal?.deliveries({ limit: RECENT })
    const counts = countsOf((page?.rows ?? []).flatMap(({ topics }) => topics))
    const subscribed = receivers.flatMap(({ topics }) => topics)
    return [
      ...[...counts].map(([value, count]) => ({ value, note: `${count} lately` })),
      ...[...new Set(subscribed)].filter((one) => !counts.has(one)).map((value) => ({ value })),
    ]
  },
  async code({ inbox, now }) {
    const range = { from: now() - 168 * HOUR, to: now() + 1, step: 168 * HOUR }
    const buckets = await historyOf(inbox.journal)({ ...range, kind: 'delivery', by: 'code' })
    return distinct(buckets.flatMap((bucket) => ('value' in bucket ? bucket.value : [])))
  },
  async cause({ inbox, visitor }) {
    // Visitors without `payloads` get no causes, because a cause is a hash of a message, which may quote a payload.
    const causes = visitor.payloads ? ((await inbox.view?.causes()) ?? []) : []
    return causes.map(({ cause, sample, dead, retrying }) => ({
      value: cause,
      note: `${dead + retrying} × ${sample.message.slice(0, 120)}`,
    }))
  },
  async receiver({ inbox, receivers }) {
    const stats = (await inbox.view?.stats()) ?? []
    return distinct([
      ...receivers.map(({ name }) => name),
      ...stats.map(({ receiver }) => receiver),
    ])
  },
  async provider({ inbox, receivers }) {
    const page = await inbox.journal?.deliveries({ limit: RECENT })
    return distinct([
      ...receivers.map(({ provider }) => provider.name),
      ...(page?.rows ?? []).map(({ provider }) => provider),
    ])
  },
  async subscription({ inbox }) {
    return distinct(((await inbox.view?.stats()) ?? []).map(({ subscription }) => subscription))
  },
}

function distinct(values: readonly string[]): readonly Suggestion[] {
  return [...new Set(values)].sort().map((value) => ({ value }))
}

/** Counts how often each value occurs. The most frequent values come first. */
function countsOf(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return new Map([...counts].sort(([, one], [, other]) => other - one))
}
