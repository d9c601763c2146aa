import type { Inbox } from '@postern/core/inbox'

/** Sessions that were ended by hand before their time, in every process with this inbox. */
export interface SignedOut {
  /** True if the session was ended here, or elsewhere at least ten seconds ago. */
  has(session: string): Promise<boolean>
  /** Ends a session that would have lasted until `ends`, in milliseconds since 1970. */
  add(session: string, ends: number): Promise<void>
}

const PREFIX = 'postern:inspector:signed-out:'
const FRESH = 10_000

/** Makes a {@link SignedOut}. Ends are records of the inbox until the session would have ended; without records they hold in this process. */
export function createSignedOut(inbox: () => Promise<Inbox>, now: () => number): SignedOut {
  const here = new Map<string, number>()
  // Not stored yet, since the inbox was down.
  const unsaved = new Set<string>()
  let looked = -Infinity
  let looking: Promise<void> | undefined
  return {
    async has(session) {
      if (!here.has(session) && Math.abs(now() - looked) >= FRESH)
        await (looking ??= look().finally(() => (looking = undefined)))
      return here.has(session)
    },
    async add(session, ends) {
      here.set(session, ends)
      unsaved.add(session)
      await save()
    },
  }

  async function look(): Promise<void> {
    looked = now()
    await save()
    try {
      const { records } = await inbox()
      for (const { key, value, version } of (await records?.list(PREFIX)) ?? []) {
        const ends = Number(value)
        if (ends > now()) here.set(key.slice(PREFIX.length), ends)
        else await records!.delete(key, version)
      }
    } catch {
      // The inbox is down: what is known holds.
    }
    for (const [session, ends] of here) if (ends <= now()) here.delete(session)
  }

  async function save(): Promise<void> {
    try {
      const { records } = await inbox()
      for (const session of unsaved) {
        await records?.set(PREFIX + session, here.get(session) ?? 0, 0)
        unsaved.delete(session)
      }
    } catch {
      // The next look tries again.
    }
  }
}
