import type { Inbox } from '@postern/core/inbox'

/** The version of everything that the page shows, and a cache of answers for that version. */
interface Version {
  /** Returns a string that changes when a task or the journal changes. The string can be 250 ms old. */
  readonly current: () => Promise<string>
  /** Returns the answer to the question `key`. A known answer for the same version is used again for 2 seconds. */
  readonly shared: <T>(key: string, ask: () => Promise<T>) => Promise<T>
  /** Drops all known answers. Call this after a change that does not change the version, such as a mute. */
  readonly forget: () => void
}

const FRESH = 250
const KEPT = 2000
const MOST = 100

interface Answer {
  readonly version: string
  readonly at: number
  readonly value: Promise<unknown>
}

/** Makes a {@link Version}. Polling by ten viewers costs as much as polling by one. */
export function createVersion(
  inbox: () => Promise<Inbox>,
  now: () => number = () => performance.now(),
): Version {
  let known: { readonly at: number; readonly value: Promise<string> } | undefined
  const answers = new Map<string, Answer>()

  return {
    current,
    forget: () => answers.clear(),
    async shared<T>(key: string, ask: () => Promise<T>): Promise<T> {
      const version = await current()
      const found = answers.get(key)
      if (found && found.version === version && now() - found.at < KEPT)
        return found.value as Promise<T>
      const value = ask()
      answers.delete(key)
      answers.set(key, { version, at: now(), value })
      value.catch(() => answers.delete(key))
      for (const oldest of answers.keys()) {
        if (answers.size <= MOST) break
        answers.delete(oldest)
      }
      return value
    },
  }

  function current(): Promise<string> {
    if (known && now() - known.at < FRESH) return known.value
    const value = ask()
    known = { at: now(), value }
    value.catch(() => (known = undefined))
    return value
  }

  async function ask(): Promise<string> {
    const { view, journal } = await inbox()
    const [tasks, newest] = await Promise.all([
      view?.version() ?? 0,
      journal?.deliveries({ limit: 1 }),
    ])
    return `${tasks}.${newest?.rows[0]?.id ?? ''}`
  }
}
