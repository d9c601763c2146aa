import type { Intake, IntakeItem, Taken } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'

/** Keys that only one event of a receiver may hold. They live as long as their event. Inside a transaction. */
export interface Guards {
  /** What the guards say of each event of a delivery; undefined if all may be taken. One `refused` refuses all. */
  judge(intake: Intake, receiver: number): readonly (Taken | undefined)[] | undefined
  /** Takes the guards of an event. */
  take(guards: readonly { readonly key: string }[], receiver: number, event: number): void
  /** Lets go those of an event that is forgotten. */
  drop(event: number): void
}

/** Prepares the statements. */
export function createGuards(db: Database): Guards {
  const find = db.prepare(
    'SELECT e.key FROM postern_guards g JOIN postern_events e ON e.id = g.event WHERE g.receiver = ? AND g.key = ?',
  )
  const add = db.prepare(
    'INSERT INTO postern_guards (receiver, key, event) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const remove = db.prepare('DELETE FROM postern_guards WHERE event = ?')

  return {
    judge,
    take(guards, receiver, event) {
      for (const { key } of guards) add.run(receiver, key, event)
    },
    drop: (event) => void remove.run(event),
  }

  function judge({ items }: Intake, receiver: number): readonly (Taken | undefined)[] | undefined {
    if (!items.some(hasGuards)) return undefined
    // Keys that earlier events of the same delivery take.
    const taken = new Map<string, string>()
    const said = items.map(({ event }) => {
      let verdict: Taken | undefined
      for (const { key, otherwise } of event.guards ?? []) {
        const holder = taken.get(key) ?? holderOf(receiver, key)
        if (holder === undefined || holder === event.key) continue
        if (otherwise === 'refuse') return 'refused'
        verdict = 'duplicate'
      }
      if (verdict === undefined) for (const { key } of event.guards ?? []) taken.set(key, event.key)
      return verdict
    })
    return said.includes('refused') ? items.map(() => 'refused' as const) : said
  }

  function holderOf(receiver: number, key: string): string | undefined {
    return (find.get(receiver, key) as { key: string } | undefined)?.key
  }
}

function hasGuards({ event }: IntakeItem): boolean {
  return event.guards !== undefined
}
