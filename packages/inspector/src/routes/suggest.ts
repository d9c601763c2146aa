import { HOUR } from '@postern/core/inbox'
import type { SuggestReply } from '../api/list.ts'
import { OUTCOMES, QUALIFIERS, STATE_WORDS } from '../search/query.ts'
import type { Context } from './context.ts'
import { historyOf } from './health.ts'

const MOST = 12
// Deliveries whose topics are known to the page.
const RECENT = 300

interface Suggestion {
  readonly value: string
  readonly note?: string
}

/** Values for the qualifier at the end of the search, or qualifiers. */
export async function suggest(context: Context): Promise<SuggestReply> {
  const q = context.query.get('q') ?? ''
  const last = /(?:^|\s)(\S*)$/.exec(q)?.[1] ?? ''
  const colon = last.indexOf(':')
  if (colon < 0) {
    const names = [...Object.keys(QUALIFIERS), 'payload.']
    return {
      suggestions: names
        .filter((name) => name.startsWith(last.toLowerCase()))
        .map((name) => ({ insert: name.endsWith('.') ? name : `${name}:` })),
    }
  }
  const name = last.slice(0, colon)
  const begun = last
    .slice(colon + 1)
    .replace(/^"/, '')
    .toLowerCase()
  const values = Object.hasOwn(VALUES, name)
    ? await context.shared(`suggest ${name} ${context.visitor.payloads}`, () =>
        VALUES[name]!(context),
      )
    : []
  const isMeant = ({ value, note = '' }: Suggestion): boolean =>
    value.toLowerCase().includes(begun) || note.toLowerCase().includes(begun)
  return {
    suggestions: values
      .filter(isMeant)
      .slice(0, MOST)
      .map(({ value, note }) => ({
        insert: `${name}:${/[\s"]/.test(value) ? JSON.stringify(value) : value}`,
        ...(note !== undefined && { note }),
      })),
  }
}

const VALUES: Readonly<Record<string, (context: Context) => Promise<readonly Suggestion[]>>> = {
  state: async () => STATE_WORDS.map((value) => ({ value })),
  outcome: async () => OUTCOMES.map((value) => ({ value })),
  since: async () => ['15m', '1h', '6h', '24h', '7d'].map((value) => ({ value })),
  until: async () => ['15m', '1h', '6h', '24h', '7d'].map((value) => ({ value })),
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
    // They are hashes of messages, and messages quote payloads.
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

/** How often each value stands there, the most first. */
function countsOf(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return new Map([...counts].sort(([, one], [, other]) => other - one))
}
