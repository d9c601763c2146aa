import { wrongOption } from '../basics/unknown-options.ts'
import type { CheckedOptions } from './options.ts'
import type { Records } from '../inbox/inbox.ts'
import type { Json } from '../delivery.ts'

const LONGEST_VERSION = 100

export function checkVersion(version: unknown): string | undefined {
  if (version === undefined) return undefined
  if (typeof version !== 'string') throw wrongOption('version', 'a string', typeof version)
  if (version === '' || version.length > LONGEST_VERSION)
    throw wrongOption('version', `1 to ${LONGEST_VERSION} characters long`, version.length)
  return version
}

/** Creates `note`, which records the version of the app once. Deliveries do not wait for the record. */
export function createVersionNote({
  inbox: { records },
  name: receiver,
  now,
  version: given,
}: Pick<CheckedOptions, 'inbox' | 'name' | 'now' | 'version'>): {
  readonly note: () => void
  /** Resolves when the version is stored; immediately if the receiver has not started. */
  readonly noted: () => Promise<void>
} {
  let noted: Promise<void> | undefined
  return {
    note: () => void (noted ??= records && keep(records)),
    noted: async () => noted,
  }

  async function keep(place: NonNullable<typeof records>): Promise<void> {
    const version = given ?? versionOfApp()
    if (version !== undefined) await noteDeploy(place, { receiver, version, at: now() })
  }
}

// This is a symbol of the global registry, since the tool and the app may load different copies of this package.
const TOOL = Symbol.for('postern.tool')

/**
 * Returns true in a tool that imports an app's receivers (`postern register --from`). These receivers must not run
 * tasks.
 */
export function isTool(): boolean {
  return (globalThis as Readonly<Record<symbol, unknown>>)[TOOL] === true
}

// Maximum number of deploys to keep per receiver.
const MOST = 20
// Minimum time before an earlier version is recorded again, in milliseconds. During a rolling deploy, processes of both
// versions start in turns, and each start would add a record.
const AGAIN = 3_600_000
// Maximum number of tries to save, since several processes may start at the same time.
const TRIES = 3

/** Records the version of a receiver, at most once an hour. Nothing depends on the record, so failures are ignored. */
export async function noteDeploy(
  records: Records,
  { receiver, version, at }: Deploy,
): Promise<void> {
  const key = DEPLOYS + receiver
  try {
    for (let left = TRIES; left > 0; left--) {
      const found = await records.get(key)
      const known = pairsOf(found?.value)
      const last = known.findLast(([one]) => one === version)
      if (last && (last === known.at(-1) || at - last[1] < AGAIN)) return
      const all = [...known, [version, at] as const].slice(-MOST)
      if (await records.set(key, all, found?.version ?? 0)) return
    }
  } catch {
    // If the inbox is down, the next delivery reports that.
  }
}

/** Returns the version in the `package.json` of the working directory; undefined if it cannot be read. */
function versionOfApp(): string | undefined {
  try {
    // Workers have no `process`. Unlike an import, `getBuiltinModule` keeps the file system out of edge bundles.
    const { process } = globalThis as unknown as { readonly process: AppProcess }
    const fs = process.getBuiltinModule('node:fs')
    const text = fs.readFileSync(`${process.cwd()}/package.json`, 'utf8')
    const { version } = JSON.parse(text) as { readonly version?: unknown }
    return typeof version === 'string' && version !== ''
      ? version.slice(0, LONGEST_VERSION)
      : undefined
  } catch {
    return undefined
  }
}

interface AppProcess {
  readonly cwd: () => string
  readonly getBuiltinModule: (name: 'node:fs') => {
    readonly readFileSync: (path: string, encoding: 'utf8') => string
  }
}

/** A version of an app, and the time when a receiver first worked with that version. */
export interface Deploy {
  readonly receiver: string
  readonly version: string
  /** Time in milliseconds since 1970. */
  readonly at: number
}

const DEPLOYS = 'deploys/'

/**
 * Returns the versions that receivers worked with, at most 20 for each receiver.
 *
 * @example
 * if (inbox.records) for (const { version, at } of await deploysOf(inbox.records)) console.log(version, new Date(at))
 */
export async function deploysOf(records: Records): Promise<readonly Deploy[]> {
  return (await records.list(DEPLOYS)).flatMap(({ key, value }) =>
    pairsOf(value).map(([version, at]) => ({ receiver: key.slice(DEPLOYS.length), version, at })),
  )
}

type DeployPair = readonly [version: string, at: number]

function pairsOf(value: Json | undefined): readonly DeployPair[] {
  if (!Array.isArray(value)) return []
  return (value as readonly unknown[]).filter(
    (one): one is DeployPair =>
      Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'number',
  )
}
