import { wrongOption } from '../basics/unknown-options.ts'
import type { CheckedOptions } from './options.ts'
import type { Records } from '../inbox/inbox.ts'
import type { Json } from '../delivery.ts'

/** Characters of the version of an app. */
const LONGEST_VERSION = 100

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
    const version = given ?? versionOfApp()
    if (version !== undefined) await noteDeploy(place, { receiver, version, at: now() })
  }
}

// In the registry of the process: the tool and the app may have different copies of this package.
const TOOL = Symbol.for('postern.tool')

/**
 * True in the process of a tool that imports an app's receivers, such as `postern register --from`. There they run no
 * tasks, which belong to the app.
 */
export function isTool(): boolean {
  return (globalThis as Readonly<Record<symbol, unknown>>)[TOOL] === true
}

// Deploys of one receiver that are kept, the newest.
const MOST = 20
// While one deploy replaces processes one by one, those of both versions start.
const AGAIN = 3_600_000
// Several processes start at once.
const TRIES = 3

/**
 * Keeps that a receiver works with a version: the newest 20 in one record, each at most once an hour. Nothing depends on
 * it, so that a failure changes nothing.
 */
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
    // The inbox tells of itself when it takes a delivery.
  }
}

/** The version in the `package.json` of the working directory; undefined if there is none, or no such file can be read. */
function versionOfApp(): string | undefined {
  try {
    // Workers have no `process`. By this name, bundles for the edge have no file system in them.
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

/** A version of an app, when a receiver was first seen working with it. */
export interface Deploy {
  readonly receiver: string
  readonly version: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Of the keys of their records; the name of a receiver follows. */
const DEPLOYS = 'deploys/'

/**
 * The deploys that an inbox knows of: versions that receivers were first seen working with, at most 20 of each.
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

/** What the record of a receiver has. */
function pairsOf(value: Json | undefined): readonly DeployPair[] {
  if (!Array.isArray(value)) return []
  return (value as readonly unknown[]).filter(
    (one): one is DeployPair =>
      Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'number',
  )
}
