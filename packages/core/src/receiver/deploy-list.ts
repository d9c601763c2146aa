import type { Json } from '../delivery.ts'
import type { Records } from '../inbox/inbox.ts'

/** A version of an app, when a receiver was first seen working with it. */
export interface Deploy {
  readonly receiver: string
  readonly version: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Of the keys of their records; the name of a receiver follows. */
export const DEPLOYS = 'deploys/'

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
export function pairsOf(value: Json | undefined): readonly DeployPair[] {
  if (!Array.isArray(value)) return []
  return (value as readonly unknown[]).filter(
    (one): one is DeployPair =>
      Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'number',
  )
}
