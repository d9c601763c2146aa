import { createSeal, isSealed, openKept, type Seal } from '@postern/core/engine'
import type { Arrival } from '@postern/core/inbox'
import { readEnv } from '../env.ts'
import { Failure } from '../print/say.ts'

/** Options that give the keys of encrypted inboxes. */
export interface KeyOptions {
  readonly encryptionKey?: readonly string[]
  readonly env?: string
}

const VARIABLE = 'POSTERN_ENCRYPTION_KEY'

/** A rejected delivery with its head and body, decrypted if they were encrypted. */
export async function openArrival(arrival: Arrival, options: KeyOptions): Promise<Arrival> {
  if (!isSealed(arrival)) return arrival
  const seal = await sealOf(options)
  if (!seal)
    throw new Failure(2, `${arrival.id} is encrypted: give --encryption-key, or set ${VARIABLE}`)
  try {
    return openKept(seal, arrival)
  } catch (error) {
    throw new Failure(1, (error as Error).message, { cause: error })
  }
}

/** The seal of `--encryption-key`, else of POSTERN_ENCRYPTION_KEY in the environment or `.env` (several keys with commas between). */
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
