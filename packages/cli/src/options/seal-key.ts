import { createSeal, isSealed, openKept, type Arrival, type Seal } from '@postern/core/inbox'
import { readEnv } from '../env.ts'
import { Failure } from '../print/say.ts'

/** Options that give the keys of sealed inboxes. */
export interface SealOptions {
  readonly sealKey?: readonly string[]
  readonly env?: string
}

const VARIABLE = 'POSTERN_SEAL_KEY'

/** A rejected delivery with its head and body, opened if they were sealed. */
export async function openArrival(arrival: Arrival, options: SealOptions): Promise<Arrival> {
  if (!isSealed(arrival)) return arrival
  const seal = await sealOf(options)
  if (!seal)
    throw new Failure(2, `${arrival.id} is sealed: give --encryption-key-key, or set ${VARIABLE}`)
  try {
    return openKept(seal, arrival)
  } catch (error) {
    throw new Failure(1, (error as Error).message, { cause: error })
  }
}

/** The seal of `--encryption-key-key`, else of POSTERN_SEAL_KEY in the environment or `.env` (several keys with commas between). */
async function sealOf({ sealKey, env }: SealOptions): Promise<Seal | undefined> {
  const set =
    (env === undefined ? process.env[VARIABLE] : undefined) ?? (await readEnv(env))[VARIABLE]
  const keys = sealKey ?? set?.split(',').map((key) => key.trim())
  if (!keys) return undefined
  try {
    return createSeal(keys, sealKey ? '--encryption-key-key' : VARIABLE)
  } catch (error) {
    throw new Failure(2, (error as Error).message, { cause: error })
  }
}
