import { wrongOption } from '../basics/unknown-options.ts'
import type { CheckedOptions } from './checked-options.ts'

/** Characters of the version of an app. */
export const LONGEST_VERSION = 100

/** Checks the option `version` of `createReceiver`. */
export function checkVersion(version: unknown): string | undefined {
  if (version === undefined) return undefined
  if (typeof version !== 'string') throw wrongOption('version', 'a string', typeof version)
  if (version === '' || version.length > LONGEST_VERSION)
    throw wrongOption('version', `1 to ${LONGEST_VERSION} characters long`, version.length)
  return version
}

/** Keeps once which version of the app a receiver works with, off the path of the delivery that starts it. */
export function createVersionNote({
  inbox: { records },
  name: receiver,
  now,
  version: given,
}: Pick<CheckedOptions, 'inbox' | 'name' | 'now' | 'version'>): {
  readonly note: () => void
  /** Resolves when it is kept, and at once if the receiver has not started. */
  readonly noted: () => Promise<void>
} {
  let noted: Promise<void> | undefined
  return {
    note: () => void (noted ??= records && keep(records)),
    noted: async () => noted,
  }

  async function keep(place: NonNullable<typeof records>): Promise<void> {
    const { noteDeploy, versionOfApp } = await import('./deploys.ts')
    const version = given ?? versionOfApp()
    if (version !== undefined) await noteDeploy(place, { receiver, version, at: now() })
  }
}
