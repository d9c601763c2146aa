import type { Receiver } from '@postern/core'
import { madeOf } from '@postern/core/internal'
import { senders, type Maker, type SenderApi } from '@postern/registrar/catalogue'
import { readEnv } from '../env.ts'
import { Failure } from '../print/say.ts'
import { exportedReceivers } from '../app-module.ts'
import { aboutOf, upper } from '../sender/sender.ts'
import { whereToAdd } from '../sender/setup.ts'

export interface TargetOptions {
  readonly from?: string
  readonly receiver?: string
  readonly url?: string
  readonly topic?: readonly string[]
  readonly option?: readonly string[]
  readonly env?: string
}

/** Receiver to register or to catch up at a provider. `receiver` is undefined if the user gave only topics. */
export interface Target {
  readonly sender: SenderApi
  readonly topics: readonly string[]
  readonly receiver: Receiver | undefined
  readonly url: string | undefined
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * Adds the variables of the `.env` file to the environment of this process. The app's module and the code that finds
 * tokens read the environment.
 */
export async function loadEnv(file: string | undefined): Promise<void> {
  for (const [name, value] of Object.entries(await readEnv(file)))
    // A file that `--env` names has priority over the environment.
    if (value !== undefined && (file !== undefined || process.env[name] === undefined))
      process.env[name] = value
}

/** Returns a target for each receiver of `--from`, or one for the named provider with the topics of `--topic`. */
export async function targetsOf(
  name: string | undefined,
  given: TargetOptions,
): Promise<readonly Target[]> {
  const sender = name === undefined ? undefined : await senderOf(name)
  const options = Object.fromEntries((given.option ?? []).map((one) => pairOf(one)))
  if (given.from === undefined) {
    if (!sender)
      throw new Failure(
        2,
        `give --from ./receiver.ts, or a sender: ${[...senders.keys()].join(', ')}`,
      )
    return [{ sender, topics: given.topic ?? [], receiver: undefined, url: given.url, options }]
  }
  if (given.topic) throw new Failure(2, '--topic: the topics come from --from; leave one out')
  const all = await exportedReceivers(given.from, sender ? [sender.provider] : [])
  const found = all.filter(
    (one) =>
      (given.receiver === undefined || one.name === given.receiver) &&
      (!sender || one.provider.name === sender.provider),
  )
  if (found.length === 0) {
    const asked = [
      ...(given.receiver === undefined ? [] : [`--receiver ${given.receiver}`]),
      ...(sender ? [`the sender ${sender.provider}`] : []),
    ]
    throw new Failure(
      2,
      `${given.from} has receivers ${all.map((one) => `${one.name} (${one.provider.name})`).join(', ')}, and none of them has ${asked.join(' and ')}: choose one of these`,
    )
  }
  if (found.length > 1 && given.url !== undefined && !given.url.includes('{receiver}'))
    throw new Failure(
      2,
      `--url: ${given.from} has ${found.length} receivers; choose one with --receiver, or write {receiver} in the URL in place of its name`,
    )
  if (found.length > 1 && given.option)
    throw new Failure(2, '--option needs one receiver; choose it with --receiver')
  return found.map((receiver) => ({
    sender: sender ?? senderFor(receiver),
    topics: receiver.topics,
    receiver,
    url: given.url?.replaceAll('{receiver}', receiver.name),
    options,
  }))
}

/**
 * Creates a registrar or a source. Its options come from the command line, or else from the environment. Tokens come
 * only from the environment, because other users of a machine can read command lines.
 */
export async function made<Made>(
  maker: Maker<Made>,
  { sender, options }: Target,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Made> {
  const given: Record<string, unknown> = { ...more }
  for (const [name, value] of Object.entries(options)) {
    if (maker.tokens.includes(name))
      throw new Failure(
        2,
        `--option ${name}: a token does not belong on a command line; set ${variablesFor(sender, name)[0]} in the environment or in .env`,
      )
    given[name] = value
  }
  for (const name of [...maker.tokens, ...maker.needs, ...maker.takes, 'api']) {
    if (name in given) continue
    const variables = variablesFor(sender, name)
    const value = variables.map((one) => process.env[one]).find((one) => one)
    if (value !== undefined) given[name] = value
    else if (maker.tokens.includes(name))
      throw new Failure(
        2,
        `${sender.title} needs ${name}: set ${variables.join(' or ')} in the environment or in .env`,
      )
    else if (maker.needs.includes(name))
      throw new Failure(
        2,
        `${sender.title} needs ${name}: give --option ${name}=…, or set ${variables[0]}`,
      )
  }
  return maker.make(given)
}

const MORE: Readonly<Record<string, readonly string[]>> = {
  key: ['apiKey', 'secretKey'],
  token: ['accessToken'],
  api: ['apiUrl'],
}

/** Returns the environment variables for an option, such as `STRIPE_KEY` and `STRIPE_API_KEY`. */
export function variablesFor({ name, provider }: SenderApi, option: string): readonly string[] {
  // For `api`, leaves out the plain name, because another program may have set a variable such as `GITHUB_API`.
  const names = [...(option === 'api' ? [] : [option]), ...(MORE[option] ?? [])]
  return [
    ...new Set(
      [name, provider].flatMap((who) => names.map((one) => `${upper(who)}_${upper(one)}`)),
    ),
  ]
}

async function senderOf(name: string): Promise<SenderApi> {
  const found = senders.get(name)
  if (found) return found
  const about = await aboutOf(name).catch(() => undefined)
  throw new Failure(
    2,
    `sender must be one of ${[...senders.keys()].join(', ')}, got ${name}${about ? `; add the URL at ${whereToAdd(about)}` : ''}`,
  )
}

function senderFor({ name, provider }: Receiver): SenderApi {
  const found = [...senders.values()].find((one) => one.provider === provider.name)
  if (found) return found
  const about = madeOf(provider)?.factory.about
  throw new Failure(
    2,
    `receiver ${name}: no API of ${provider.name} is known; those of ${[...senders.keys()].join(', ')} are${about ? `. Add the URL at ${whereToAdd(about)}` : ''}`,
  )
}

const NUMBERS = ['schemaVersion']

export function pairOf(text: string): readonly [name: string, value: unknown] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
  if (name === undefined)
    throw new Failure(2, `--option must be name=value, as in --option repository=octo/hello`)
  if (value === 'true' || value === 'false') return [name, value === 'true']
  if (NUMBERS.includes(name)) return [name, Number(value)]
  if (!/^\[.*\]$|^\{.*\}$/s.test(value!)) return [name, value]
  try {
    return [name, JSON.parse(value!) as unknown]
  } catch (error) {
    throw new Failure(2, `--option ${name} is not JSON`, { cause: error })
  }
}
