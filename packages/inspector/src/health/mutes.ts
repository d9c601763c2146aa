import type { Inbox } from '@postern/core/inbox'
import type { MutedCause } from '../api/health.ts'
import type { DeadThing } from './dead.ts'

const PREFIX = 'inspector:muted:'
const MOST = 200

/**
 * A stored mute. `dead` and `last` are the values that the cause had when it was muted. If one of them grows, another
 * task has died of the cause, and the mute ends.
 */
interface Mark {
  readonly note: string
  readonly owner?: string
  readonly by: string | null
  readonly at: number
  readonly dead: number
  readonly last: number
}

/** Returns `things`. Each thing whose cause is muted gets its mute as `muted`. */
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
    const { note, owner, by, at } = mark
    return { ...thing, muted: { note, owner, by: by ?? undefined, at } }
  })
}

/**
 * Mutes a cause, and deletes the oldest mute if there are too many. Returns false if another process has changed the
 * mute at the same time.
 */
export async function mark(
  { records }: Inbox,
  { cause, count, last }: DeadThing,
  { note, owner, by, at }: MutedCause,
): Promise<boolean> {
  if (!records || cause === undefined) return false
  const all = await records.list(PREFIX)
  const known = all.find(({ key }) => key === PREFIX + cause)
  const oldest = all.toSorted(
    (one, other) => (one.value as unknown as Mark).at - (other.value as unknown as Mark).at,
  )[0]
  if (!known && oldest && all.length >= MOST) await records.delete(oldest.key, oldest.version)
  const value = {
    note,
    ...(owner !== undefined && { owner }),
    by: by ?? null,
    at,
    dead: count,
    last,
  }
  return records.set(PREFIX + cause, value, known?.version ?? 0)
}

export async function unmark({ records }: Inbox, cause: string): Promise<boolean> {
  const known = await records?.get(PREFIX + cause)
  return known !== undefined && (await records!.delete(PREFIX + cause, known.version))
}

const LOG = 'inspector:mutes'

interface NotedMute {
  readonly cause: string
  readonly note: string | null
  readonly owner: string | null
  readonly by: string | null
  readonly at: number
}

/** Returns the last 200 mutes and unmutes, newest first. */
export async function notedMutes({ records }: Inbox): Promise<readonly NotedMute[]> {
  return ((await records?.get(LOG))?.value ?? []) as unknown as readonly NotedMute[]
}

export async function noteMute({ records }: Inbox, mute: NotedMute): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const known = await records!.get(LOG)
    const all = [{ ...mute }, ...((known?.value ?? []) as object[])].slice(0, MOST)
    if (await records!.set(LOG, all as never, known?.version ?? 0)) return
  }
}
