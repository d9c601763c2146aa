import type { Inbox } from '@postern/core/inbox'
import { createAnswerCache } from './kept.ts'

/** The version of everything that the page shows, and a cache of answers for that version. */
interface Version {
  /** Returns a string that changes when a task or the journal changes. The string can be 250 ms old. */
  readonly current: () => Promise<string>
  /** Returns the answer to the question `key`. A known answer for the same version is used again for 2 seconds. */
  readonly shared: <T>(key: string, ask: () => Promise<T>) => Promise<T>
  /** Drops all known answers. Call this after a change that does not change the version, such as a mute. */
  readonly forget: () => void
}

/** Polling by ten viewers costs as much as polling by one. */
export function createVersion(inbox: () => Promise<Inbox>): Version {
  const versions = createAnswerCache({ ms: 250 })
  const answers = createAnswerCache({ ms: 2000, most: 100 })
  const current = (): Promise<string> => versions.of('', ask)
  return {
    current,
    forget: () => answers.forget(),
    shared: async (key, answer) => answers.of(`${await current()} ${key}`, answer),
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
