import { randomBytes } from 'node:crypto'
import { fingerprint } from '@postern/core/explain'
import type { OnSecret, Registrar } from '@postern/registrar'
import { Failure } from '../print/failure.ts'
import { remark } from '../print/say.ts'
import { aboutOf, variablesOf } from '../sender/sender.ts'
import { writeEnv } from './env-file.ts'

/** Where secrets are found and written. */
export interface SecretOptions {
  readonly env?: string
  readonly writeEnv?: boolean
  readonly variable?: string
}

/** The secret of a receiver: its variable, its value, and how a new one is kept. */
interface SecretPlace {
  readonly variable: string
  readonly value: string | undefined
  /** Writes a secret to the `.env` file, and keeps the old one beside it. */
  readonly keep: (secret: string) => Promise<void>
  /** The same, as the API hands one out. Undefined without `--write-env`. */
  readonly onSecret: OnSecret | undefined
}

/** Finds the place of a provider's secret in the environment. The value is printed nowhere. */
export async function secretPlace(provider: string, options: SecretOptions): Promise<SecretPlace> {
  const names = options.variable ? [options.variable] : variablesOf(await aboutOf(provider))
  const variable = names.find((name) => process.env[name]) ?? names[0]!
  const value = process.env[variable] || undefined
  const file = options.env ?? '.env'
  const keep = async (secret: string): Promise<void> => {
    const old = value !== undefined && value !== secret ? { [`${variable}_PREVIOUS`]: value } : {}
    await writeEnv(file, { [variable]: secret, ...old })
    const mark = fingerprint(provider, secret)
    remark(
      `${variable} is in ${file} now${mark === undefined ? '' : ` (fingerprint ${mark})`}${value === undefined || value === secret ? '' : `, and the one before is in ${variable}_PREVIOUS`}`,
    )
  }
  return {
    variable,
    value,
    keep,
    onSecret: options.writeEnv ? ({ secret }) => keep(secret) : undefined,
  }
}

/** The secret to give the sender: that of the environment, else a new one for the `.env` file. */
export async function givenSecret(
  { secret, provider }: Pick<Registrar, 'secret' | 'provider'>,
  { variable, value, keep }: SecretPlace,
  options: SecretOptions,
): Promise<string | undefined> {
  if (secret !== 'given') return undefined
  if (value !== undefined) return value
  if (!options.writeEnv)
    throw new Failure(
      2,
      `${provider} needs the receiver's secret: set ${variable} in the environment or in .env, or give --write-env for a new one`,
    )
  const made = randomBytes(32).toString('base64url')
  await keep(made)
  return made
}
