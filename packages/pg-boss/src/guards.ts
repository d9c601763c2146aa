import type { PgExecutor } from './pg.ts'
import type { EncodedIntake, EncodedItem } from './encode.ts'

/** The guards' judgement of a batch. */
export interface Guarded {
  /** Deliveries of which nothing is stored. */
  readonly refused: ReadonlySet<EncodedIntake>
  /** Events that are duplicates, since a guard of theirs belongs to another event. */
  readonly duplicates: ReadonlySet<EncodedItem>
}

const NOTHING: Guarded = { refused: new Set(), duplicates: new Set() }

/** Takes the guards of a batch in its transaction; a guard belongs to the event that took it first. */
export function createGuards(
  schema: string,
): (client: PgExecutor, batch: readonly EncodedIntake[]) => Promise<Guarded> {
  const insert = `INSERT INTO ${schema}.postern_guards (id, event)
    SELECT id, event FROM unnest($1::uuid[], $2::uuid[]) AS g(id, event) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING id`
  const select = `SELECT id, event FROM ${schema}.postern_guards WHERE id = ANY($1::uuid[])`
  const remove = `DELETE FROM ${schema}.postern_guards WHERE id = ANY($1::uuid[])`

  return async (client, batch) => {
    if (batch.every(({ items }) => items.every(({ guards }) => guards.length === 0))) return NOTHING
    const refused = new Set<EncodedIntake>()
    const duplicates = new Set<EncodedItem>()
    const taken = new Map<string, string>()
    for (;;) {
      const items = batch
        .filter((intake) => !refused.has(intake))
        .flatMap((intake) => intake.items)
        .filter((item) => !duplicates.has(item))
      const holders = await take(client, items, taken)
      const lost = (item: EncodedItem, otherwise: 'refuse' | 'duplicate'): boolean =>
        item.guards.some(
          (guard) => guard.otherwise === otherwise && holders.get(guard.id) !== item.id,
        )
      const before = refused.size + duplicates.size
      for (const intake of batch)
        if (intake.items.some((item) => items.includes(item) && lost(item, 'refuse')))
          refused.add(intake)
      for (const item of items) if (lost(item, 'duplicate')) duplicates.add(item)
      if (refused.size + duplicates.size === before) return { refused, duplicates }
      // Guards of events that are not stored are given back. Another event of the batch may need them: check again.
      const kept = new Set(
        batch.flatMap((intake) =>
          refused.has(intake)
            ? []
            : intake.items.flatMap((item) => (duplicates.has(item) ? [] : item.id)),
        ),
      )
      const free = [...taken].flatMap(([guard, event]) => (kept.has(event) ? [] : guard))
      for (const guard of free) taken.delete(guard)
      if (free.length > 0) await client.executeSql(remove, [free])
    }
  }

  /** Events that have the guards of these items; `taken` learns what this transaction took. */
  async function take(
    client: PgExecutor,
    items: readonly EncodedItem[],
    taken: Map<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    const wanted = new Map<string, string>()
    for (const { id, guards } of items)
      for (const guard of guards) if (!wanted.has(guard.id)) wanted.set(guard.id, id)
    const fresh = await client.executeSql(insert, [[...wanted.keys()], [...wanted.values()]])
    for (const row of fresh.rows) taken.set(row['id'] as string, wanted.get(row['id'] as string)!)
    const { rows } = await client.executeSql(select, [[...wanted.keys()]])
    return new Map(rows.map((row) => [row['id'] as string, row['event'] as string]))
  }
}
