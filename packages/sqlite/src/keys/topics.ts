import { createSweep, type Sweep } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { NEXT } from '../sql/events.ts'
import type { RowCache } from '../store/kept.ts'
import type { Writer } from '../store/writer.ts'

/** Events of a block: their offsets in it take two bytes each. */
export const BLOCK = 2048

/** Topics of the last events of this process, until they are indexed: they need not be read again. */
export interface TopicLog extends RowCache {
  add(event: number, topic: string): void
  /** Topics of the events from a number on, or undefined if not all of them came through this process. */
  block(first: number): readonly string[] | undefined
  /** Forgets the events before a number. */
  drop(first: number): void
}

// Events remembered while the index is behind.
const MOST = 32 * BLOCK

/** Makes a {@link TopicLog}. */
export function createTopicLog(): TopicLog {
  let first = 0
  let names: string[] = []
  let committed = 0
  return {
    add(event, topic) {
      // A gap: others took events in between.
      if (event !== first + names.length || names.length >= MOST) {
        first = event
        names = []
        committed = 0
      }
      names.push(topic)
    },
    block(from) {
      const at = from - first
      return at >= 0 && at + BLOCK <= committed ? names.slice(at, at + BLOCK) : undefined
    },
    drop(from) {
      if (from <= first) return
      names = names.slice(from - first)
      committed = Math.max(0, committed - (from - first))
      first = from
    },
    store: () => {},
    stored: () => void (committed = names.length),
    forget: () => void (names.length = committed),
  }
}

/**
 * Fills the index of topics off the path of deliveries: for each block of events, the events of each topic. An index on
 * the events would make each insert a seventh slower.
 */
export function createTopicIndex(
  db: Database,
  log: TopicLog,
  writer: Pick<Writer, 'write'>,
): Sweep {
  const step = createStep(db, log)
  // A look each second.
  return createSweep<number>(0, () => writer.write(step))
}

/** Makes one step: indexes a block. Returns 1 if there may be another. Inside a transaction. */
function createStep(db: Database, log: TopicLog): () => number | undefined {
  const numbers = db.prepare(`SELECT ${NEXT} AS next, topics FROM postern_numbers`)
  const read = db.prepare('SELECT id, topic FROM postern_events WHERE id >= ? AND id < ?')
  const findTopic = db.prepare('SELECT id FROM postern_topics WHERE name = ?')
  const addTopic = db.prepare('INSERT INTO postern_topics (name) VALUES (?)')
  const add = db.prepare(
    'INSERT OR REPLACE INTO postern_topic_events (block, topic, events) VALUES (?, ?, ?)',
  )
  const reached = db.prepare('UPDATE postern_numbers SET topics = ?')

  return () => {
    const { next, topics } = numbers.get() as { next: number; topics: number }
    const block = Math.floor((topics + 1) / BLOCK)
    const first = block * BLOCK
    if (next < first + BLOCK) return undefined
    for (const [topic, offsets] of offsetsOf(first))
      add.run(block, topicOf(topic), new Uint8Array(Uint16Array.from(offsets).buffer))
    reached.run(first + BLOCK - 1)
    log.drop(first + BLOCK)
    return 1
  }

  function offsetsOf(first: number): Map<string, number[]> {
    const found = new Map<string, number[]>()
    const put = (topic: string, offset: number): void => {
      const offsets = found.get(topic)
      if (offsets) offsets.push(offset)
      else found.set(topic, [offset])
    }
    const own = log.block(first)
    if (own) own.forEach(put)
    else
      for (const row of read.all(first, first + BLOCK) as TopicRow[]) put(row.topic, row.id - first)
    return found
  }

  function topicOf(name: string): number {
    const row = findTopic.get(name) as { id: number } | undefined
    return row?.id ?? Number(addTopic.run(name).lastInsertRowid)
  }
}

interface TopicRow {
  readonly id: number
  readonly topic: string
}
