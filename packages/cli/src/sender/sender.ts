import type { About, Provider } from '@postern/core/scheme'
import { nearest } from '@postern/core/engine'
import { madeUpSecrets } from '@postern/samples'
import { randomBytes } from 'node:crypto'
import { Failure } from '../print/say.ts'
import { readEnv } from '../env.ts'
import { requireOneOf } from '../options/checked-options.ts'

export interface SenderOptions {
  readonly secret?: readonly string[]
  readonly env?: string
  readonly option?: readonly string[]
}

/** Returns the facts about a provider. Imports only this provider's module. */
export async function aboutOf(name: string): Promise<About> {
  if (/^[a-z\d][a-z\d.-]*$/.test(name)) {
    try {
      const file = name.replaceAll('.', '-')
      const module = (await import(`@postern/providers/${file}`)) as Readonly<
        Record<string, unknown>
      >
      for (const member of Object.values(module))
        if (typeof member === 'function' && 'about' in member) return member.about as About
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error
    }
  }
  const { catalogue } = await import('@postern/providers/catalogue')
  const names = [...catalogue.keys()]
  const like = nearest(name, names)
  const near = like === undefined ? names.filter((one) => one.startsWith(name.slice(0, 3))) : [like]
  throw new Failure(
    2,
    `provider must be a name in the catalog, got ${name}${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ';'} \`postern providers\` lists all`,
  )
}

/** Converts a name to the form of an environment variable: `signingSecret` becomes `SIGNING_SECRET`. */
export function upper(text: string): string {
  return text
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[.-]/g, '_')
    .toUpperCase()
}

/** Returns the environment variables that may hold the provider's secret, in the order in which they are tried. */
export function variablesOf(about: About): readonly string[] {
  const name = upper(about.name)
  const { secretOption: option = 'secret' } = about
  // The name that the provider itself uses, such as TWILIO_AUTH_TOKEN.
  const own = option === 'secret' ? [] : [`${name}_${upper(option)}`]
  return [...new Set([...own, `${name}_WEBHOOK_SECRET`, `${name}_SECRET`, 'WEBHOOK_SECRET'])]
}

export function secretOfItsForm(about: About): string {
  const made = randomBytes(32).toString('base64url')
  const { secretOption = 'secret', example } = about
  const forms = [made, `name:${made}`, ...madeUpSecrets().slice(1)]
  return forms.find((form) => fits(form)) ?? made

  function fits(secret: string): boolean {
    try {
      about.create({ ...example, [secretOption]: secret })
      return true
    } catch {
      return false
    }
  }
}

/** Provider with its secrets. `from` says where the secret was found. */
export interface MadeProvider {
  readonly about: About
  readonly provider: Provider
  readonly from: string
  /** Secrets, which must not be printed. */
  readonly secrets: readonly string[]
}

/**
 * Creates a provider. The secret comes from an option, the environment or a `.env` file. All other options are given as
 * `name=value`. If no secret is found, `made` may create a secret.
 */
export async function providerOf(
  name: string,
  options: SenderOptions,
  made: (about: About) => string | undefined = () => undefined,
): Promise<MadeProvider> {
  const about = await aboutOf(name)
  const found = await secretOf(about, options)
  const own = found.secret === undefined ? made(about) : undefined
  const { secret, from } = own === undefined ? found : { secret: [own], from: 'a new key' }
  const more = Object.fromEntries((options.option ?? []).map((one) => pairOf(one)))
  const hasSecret = about.secretOption !== undefined && secret !== undefined
  if (!hasSecret && !('unauthenticated' in about.options) && about.secretOption !== undefined)
    throw new Failure(
      2,
      `${about.title} needs its secret: give --secret, or set ${variablesOf(about)[0]} in the environment or in .env`,
    )
  const given = {
    ...(hasSecret && { [about.secretOption]: secret.length === 1 ? secret[0] : secret }),
    ...(!hasSecret && 'unauthenticated' in about.options && { unauthenticated: true }),
    ...more,
  }
  return { about, provider: about.create(given), from, secrets: hasSecret ? secret : [] }
}

async function secretOf(
  about: About,
  { secret, env }: SenderOptions,
): Promise<{ readonly secret: readonly string[] | undefined; readonly from: string }> {
  if (secret && secret.length > 0) return { secret, from: '--secret' }
  const file = await readEnv(env)
  for (const name of variablesOf(about)) {
    // A file that `--env` names has priority over the environment.
    const value = (env === undefined ? undefined : file[name]) ?? process.env[name] ?? file[name]
    if (value !== undefined && value !== '') return { secret: [value], from: name }
  }
  return { secret: undefined, from: '' }
}

function pairOf(text: string): readonly [name: string, value: unknown] {
  const [, name, value] = /^([\w.]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined)
    throw new Failure(2, `--option must be name=value, got ${text}; as in --option tolerance=600`)
  if (value === 'true' || value === 'false') return [name, value === 'true']
  if (/^\[.*\]$|^\{.*\}$/s.test(value!)) return [name, jsonOf(name, value!)]
  return [name, /^\d+$/.test(value!) ? Number(value) : value!]
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Failure(2, `--option ${name} is not JSON: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/**
 * Gateways for `--behind`: services that receive webhooks first and sign them again. The value is the provider that
 * verifies the gateway's signature.
 */
const gateways = {
  hookdeck: 'hookdeck-gateway',
  svix: 'svix',
  qstash: 'qstash-gateway',
  'google-pubsub': 'google-pubsub',
  'google-cloud-tasks': 'google-cloud-tasks',
} as const

export const gatewayNames: readonly string[] = Object.keys(gateways)

export function gatewayName({ name }: About): string {
  return gatewayNames.find((one) => gateways[one as keyof typeof gateways] === name)!
}

/** Returns the facts about the gateway that `--behind` names. Undefined without this option. */
export async function gatewayOf(
  behind: string | undefined,
  sender: string,
): Promise<About | undefined> {
  if (behind === undefined) return undefined
  requireOneOf('--behind', behind, gatewayNames)
  const name = gateways[behind as keyof typeof gateways]
  if (name === sender)
    throw new Failure(2, `--behind must be a different provider from ${sender}; leave it out`)
  return aboutOf(name)
}
