import { runScript, type RedisClient } from '../store/connection.ts'
import { deliveryArguments, type Prepared, type PreparedItem } from './encode.ts'

/** A delivery and its events to store. */
export interface CommitPlan {
  readonly prepared: Prepared
  readonly fresh: readonly PreparedItem[]
}

/** How STORE answers for a delivery; `taken` with 1 for each event that is new, and 0 for one that is known. */
export type StoreReply =
  | readonly ['taken', ...number[]]
  | readonly ['refused']
  | readonly ['full', waiting: number]
  | readonly ['failed', why: string]

/** Stores deliveries in one step, each as a whole or not at all. `share`: tasks of one fair key that may wait. */
export async function commit(
  client: RedisClient,
  prefix: string,
  plans: readonly CommitPlan[],
  {
    share = Number.MAX_SAFE_INTEGER,
    probe = false,
  }: { readonly share?: number; readonly probe?: boolean } = {},
): Promise<readonly StoreReply[]> {
  if (plans.length === 0) return []
  const args = plans.flatMap(({ prepared, fresh }) => deliveryArguments(prepared, fresh))
  const given = [Date.now(), share, probe ? 1 : '', ...args]
  return (await runScript(client, 'posternStore', prefix, ...given)) as readonly StoreReply[]
}

/** Why a delivery was not stored; undefined if it was. */
export function notAdded(reply: StoreReply): Error | undefined {
  if (reply[0] !== 'failed') return undefined
  return new Error(`the jobs of an event could not be added: ${reply[1]}`)
}
