import type { Inbox } from '@postern/core/inbox'
import type { MutedCause } from '../api/health.ts'
import type { DeadThing } from './dead.ts'

const PREFIX = 'inspector:muted:'
const MOST = 200

/** A mark as the inbox keeps it, with what it was put on: it holds until one more task dies of that cause. */
interface Mark {
  readonly note: string
  readonly by: string | null
  readonly at: number
  readonly dead: number
  readonly last: number
}

/** The things with the marks that people have put on their causes. */
export async function withMarks(
  { records }: Inbox,
  things: readonly DeadThing[],
): Promise<readonly DeadThing[]> {
  if (!records || things.length === 0) return things
  const marks = new Map(
    (await records.list(PREFIX)).map(({ key, value }) => [
      key.slice(PREFIX.length),
      value as unknown as Mark,
    ]),
  )
  return things.map((thing) => {
    const mark = thing.cause === undefined ? undefined : marks.get(thing.cause)
    if (!mark || thing.count > mark.dead || thing.last > mark.last) return thing
    const { note, by, at } = mark
    return { ...thing, muted: { note, by: by ?? undefined, at } }
  })
}

/** Puts a mark on a cause; the oldest one goes if there are too many. False if somebody else was faster. */
export async function mark(
  { records }: Inbox,
  { cause, count, last }: DeadThing,
  { note, by, at }: MutedCause,
): Promise<boolean> {
  if (!records || cause === undefined) return false
  const all = await records.list(PREFIX)
  const known = all.find(({ key }) => key === PREFIX + cause)
  const oldest = all.toSorted(
    (one, other) => (one.value as unknown as Mark).at - (other.value as unknown as Mark).at,
  )[0]
  if (!known && oldest && all.length >= MOST) await records.delete(oldest.key, oldest.version)
  const value = { note, by: by ?? null, at, dead: count, last }
  return records.set(PREFIX + cause, value, known?.version ?? 0)
}

/** Takes the mark of a cause away. */
export async function unmark({ records }: Inbox, cause: string): Promise<boolean> {
  const known = await records?.get(PREFIX + cause)
  return known !== undefined && (await records!.delete(PREFIX + cause, known.version))
}
