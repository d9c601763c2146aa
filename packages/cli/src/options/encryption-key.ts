import { createSeal, isSealed, opened, openKept, type Seal } from '@postern/core/engine'
import type { Arrival, TaskDetail } from '@postern/core/inbox'
import { readEnv } from '../env.ts'
import { Failure } from '../print/say.ts'

export interface KeyOptions {
  readonly encryptionKey?: readonly string[]
  readonly env?: string
}

const VARIABLE = 'POSTERN_ENCRYPTION_KEY'

/** Returns a rejected delivery. Its headers and body are decrypted if they are encrypted. */
export async function openArrival(arrival: Arrival, options: KeyOptions): Promise<Arrival> {
  return isSealed(arrival)
    ? unsealed(arrival.id, options, (seal) => openKept(seal, arrival))
    : arrival
}

export async function openTask(task: TaskDetail, options: KeyOptions): Promise<TaskDetail> {
  const { record: event, delivery } = task
  if (!delivery.headers.some(([name]) => name === 'x-postern-sealed')) return task
  return unsealed(task.id, options, (seal) => {
    const found = opened(seal, { event, delivery })
    return { ...task, record: found.event, delivery: found.delivery }
  })
}

async function unsealed<Kept>(
  id: string,
  options: KeyOptions,
  open: (seal: Seal) => Kept,
): Promise<Kept> {
  const seal = await sealOf(options)
  if (!seal) throw new Failure(2, `${id} is encrypted: give --encryption-key, or set ${VARIABLE}`)
  try {
    return open(seal)
  } catch (error) {
    throw new Failure(1, (error as Error).message, { cause: error })
  }
}

/**
 * Creates the object that decrypts. Its keys come from `--encryption-key`, or else from POSTERN_ENCRYPTION_KEY in the
 * environment or `.env`, separated by commas.
 */
async function sealOf({ encryptionKey, env }: KeyOptions): Promise<Seal | undefined> {
  const set =
    (env === undefined ? process.env[VARIABLE] : undefined) ?? (await readEnv(env))[VARIABLE]
  const keys = encryptionKey ?? set?.split(',').map((key) => key.trim())
  if (!keys) return undefined
  try {
    return createSeal(keys, encryptionKey ? '--encryption-key' : VARIABLE)
  } catch (error) {
    throw new Failure(2, (error as Error).message, { cause: error })
  }
}
