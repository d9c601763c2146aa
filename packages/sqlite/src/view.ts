import {
  decodeDelivery,
  decodeEvent,
  orphansOf,
  unknownOptions,
  type Consumer,
  type InboxView,
} from '@postern/core/inbox'
import { createChange } from './change.ts'
import { createErase } from './erase.ts'
import { FROM, numberOf } from './filter.ts'
import { INFO, infoOf, type InfoRow } from './info.ts'
import { createRerun } from './rerun.ts'
import { createSearch } from './search.ts'
import { createStats } from './stats.ts'
import { reading, type Store } from './store.ts'

// Rows of a page.
const DEFAULT_LIMIT = 100
const MOST = 1000
// Milliseconds that a search may take.
const BUDGET = 500

/** The view for operators. Reads are short and do not block writes; changes are made in small transactions. */
export function createView(
  store: Store,
  look: () => void,
  consumers: () => readonly Consumer[],
): InboxView {
  const { side } = store.driver
  const detail = side.prepare(
    `SELECT ${INFO}, e.record, coalesce(e.head, d.head) AS head, coalesce(e.body, d.body) AS body
     FROM ${FROM} WHERE t.id = ?`,
  )
  const search = createSearch(store)
  const { stats, causes } = createStats(side, consumers)
  const rerun = createRerun(store, look)

  return {
    async list(query = {}) {
      const { limit = DEFAULT_LIMIT, cursor, budget = BUDGET, ...filter } = query
      if (!(Number.isInteger(limit) && limit >= 1 && limit <= MOST))
        throw new TypeError(`limit: must be a whole number from 1 to ${MOST}, got ${String(limit)}`)
      if (!(budget >= 0)) throw new TypeError(`budget: must be milliseconds, got ${String(budget)}`)
      const found = await search<InfoRow>(INFO, filter, { limit, cursor, budget })
      const rows = found.rows.map(infoOf)
      return { rows, cursor: found.cursor, searchedTo: found.searchedTo }
    },
    get(id) {
      const row = reading(store, () => detail.get(numberOf(id))) as DetailRow | undefined
      if (!row) return undefined
      const delivery = decodeDelivery(row.head, row.body)
      return { ...infoOf(row), record: decodeEvent(row.record, delivery), delivery }
    },
    stats: () => reading(store, stats),
    causes(filter) {
      unknownOptions('causes', filter, ['receiver', 'subscription'])
      return reading(store, () => causes(filter ?? {}))
    },
    // The other connection sees what the main one and other processes commit, and not its own commits.
    version: () => reading(store, () => side.version() + store.commits),
    ...createChange(store, search, look, consumers),
    erase: createErase(store, search),
    async rerun(id, edit) {
      unknownOptions('rerun', edit, ['payload'])
      return rerun(numberOf(id), edit.payload)
    },
    orphans: () =>
      orphansOf(
        reading(store, stats).map(({ receiver, subscription, counts }) => ({
          receiver,
          subscription,
          pending: counts.pending,
        })),
        consumers(),
      ),
  }
}

interface DetailRow extends InfoRow {
  readonly record: string
  readonly head: string
  readonly body: Uint8Array
}
