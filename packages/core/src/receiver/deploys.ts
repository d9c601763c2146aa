import type { Records } from '../inbox/inbox.ts'
import { LONGEST_VERSION } from './app-version.ts'
import { DEPLOYS, pairsOf, type Deploy } from './deploy-list.ts'

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
export function versionOfApp(): string | undefined {
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
