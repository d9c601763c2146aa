import { wait, type Steps } from '../steps.ts'
import type { Guarded, Rows } from '../store.ts'
import type { EncodedIntake, EncodedItem } from './encode.ts'

/** What the guards of a batch say. */
export interface Judged {
  /** Deliveries of which nothing is taken. */
  readonly refused: ReadonlySet<EncodedIntake>
  /** Events that run nothing. */
  readonly duplicates: ReadonlySet<EncodedItem>
}

/**
 * Takes the guards of a batch: a guard belongs to the event that took it first, and what is not stored gives its own
 * back. What is given back may be another's of the batch, so it is judged until nothing changes.
 */
export function* judge(rows: Rows, batch: readonly EncodedIntake[]): Steps<Judged> {
  const refused = new Set<EncodedIntake>()
  const duplicates = new Set<EncodedItem>()
  const taken = new Set<Guarded>()
  const wishes = new Map(
    batch.flatMap(({ items }) =>
      items.map((item) => [
        item,
        (item.event.event.guards ?? []).map((guard) => ({ ...guard, event: item.event })),
      ]),
    ),
  )
  for (;;) {
    const items = batch.flatMap((one) =>
      refused.has(one) ? [] : one.items.filter((item) => !duplicates.has(item)),
    )
    const wanted = items.flatMap((item) => wishes.get(item)!)
    if (wanted.length === 0) return { refused, duplicates }
    const own = yield* wait(rows.guard(wanted))
    for (const one of own) taken.add(one)
    const lost = (item: EncodedItem, otherwise: string): boolean =>
      wishes.get(item)!.some((one) => one.otherwise === otherwise && !own.has(one))
    const before = refused.size + duplicates.size
    const left = new Set(items)
    for (const intake of batch)
      if (intake.items.some((item) => left.has(item) && lost(item, 'refuse'))) refused.add(intake)
    for (const item of items) if (lost(item, 'duplicate')) duplicates.add(item)
    if (refused.size + duplicates.size === before) return { refused, duplicates }
    const kept = new Set(
      batch.flatMap((one) =>
        refused.has(one)
          ? []
          : one.items.flatMap((item) => (duplicates.has(item) ? [] : item.event.event.key)),
      ),
    )
    const free = [...taken].filter(({ event }) => !kept.has(event.event.key))
    for (const one of free) taken.delete(one)
    if (free.length > 0) yield* wait(rows.unguard(free))
  }
}
