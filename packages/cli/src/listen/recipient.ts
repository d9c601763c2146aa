import type { Receiver } from '@postern/core'
import { fingerprint } from '@postern/core/explain'
import { madeOf } from '@postern/core/internal'
import type { About, Provider } from '@postern/core/scheme'
import { senders, type SenderApi } from '@postern/registrar/catalogue'
import { Failure } from '../print/say.ts'
import { exportedReceivers } from '../app-module.ts'
import { aboutOf, providerOf, variablesOf, type SenderOptions } from '../sender/sender.ts'
import { registrarOf, type Job } from './endpoint.ts'
import type { Listener, SignedBy } from './entry.ts'

export interface RecipientOptions extends SenderOptions {
  readonly to?: string
  readonly from?: string
  readonly receiver?: string
  readonly topic?: readonly string[]
  readonly manual?: boolean
  readonly live?: boolean
}

/** One receiver of deliveries in a session: its provider, its path, and the URL of its app. */
export interface Recipient {
  readonly name: string
  readonly about: About
  readonly topics: readonly string[]
  readonly path: string
  /** URL of the app. Undefined if this command itself is the receiver. */
  readonly to: URL | undefined
  readonly variable: string
  /** Registration at the provider. Undefined if the user adds the endpoint by hand. */
  job: Job | undefined
  /** Receiver in this process that verifies deliveries. Undefined until the secret is known. */
  listener: Listener | undefined
  provider: Provider | undefined
  secrets: readonly string[]
  /** Receiver that the module of `--from` exports, if that option is given. */
  readonly receiver: Receiver | undefined
}

/** Returns one recipient for the named provider, or one for each receiver that the module of `--from` exports. */
export async function recipientsOf(
  name: string | undefined,
  options: RecipientOptions,
): Promise<readonly Recipient[]> {
  const { from, to, receiver, topic } = options
  if (from === undefined) {
    if (name === undefined) throw new Failure(2, 'give a provider, or --from ./receiver.ts')
    if (receiver !== undefined) throw new Failure(2, '--receiver needs --from')
    return [await recipientOf(name, name, topic ?? ['*'], to)]
  }
  if (topic) throw new Failure(2, '--topic: the topics come from --from; leave one out')
  const wanted = name === undefined ? undefined : (await aboutOf(name)).name
  const makers = [...senders.values()].map(({ provider }) => provider)
  const providers = wanted === undefined ? [...new Set(makers)] : [wanted]
  const all = await exportedReceivers(from, providers)
  const found = all.filter(
    (one) =>
      (receiver === undefined || one.name === receiver) &&
      (wanted === undefined || one.provider.name === wanted),
  )
  if (found.length === 0)
    throw new Failure(
      2,
      `--from: ${from} has the receivers ${all.map((one) => one.name).join(', ')}, and none of them matches; check the provider and --receiver`,
    )
  if (found.length > 1 && to !== undefined && !to.includes('{receiver}'))
    throw new Failure(
      2,
      `--to must have {receiver} for one of ${found.length} receivers, or choose one with --receiver`,
    )
  return Promise.all(
    found.map(async (one) => {
      const provider = madeOf(one.provider)?.factory.about.name ?? one.provider.name
      return recipientOf(
        one.name,
        provider,
        one.topics,
        to?.replaceAll('{receiver}', one.name),
        one,
      )
    }),
  )
}

async function recipientOf(
  name: string,
  provider: string,
  topics: readonly string[],
  to: string | undefined,
  receiver?: Receiver,
): Promise<Recipient> {
  const about = await aboutOf(provider)
  const names = variablesOf(about)
  const target = to === undefined ? undefined : new URL(to)
  return {
    name,
    about,
    topics,
    path: target?.pathname ?? `/webhooks/${about.name}`,
    to: target,
    variable: names.find((one) => process.env[one]) ?? names[0]!,
    job: undefined,
    listener: undefined,
    provider: undefined,
    secrets: [],
    receiver,
  }
}

export function accountPart(
  { registrar }: SenderApi,
  given: readonly string[] = [],
): { readonly account: readonly string[]; readonly rest: readonly string[] } {
  const { needs = [], takes = [], tokens = [] } = registrar ?? {}
  const names = new Set([...needs, ...takes, ...tokens, 'api'])
  const isAccount = (one: string): boolean => names.has(one.split('=', 1)[0]!)
  return { account: given.filter(isAccount), rest: given.filter((one) => !isAccount(one)) }
}

export async function jobOf(
  { about, topics, variable }: Recipient,
  account: Readonly<Record<string, unknown>>,
  { manual, live, secret }: RecipientOptions,
): Promise<Job | undefined> {
  const sender = senderApiOf(about)
  if (manual || !sender) return undefined
  const registrar = await registrarOf(sender, account, { live })
  // If the user chooses the secret, the secret may be in the environment. Otherwise the provider creates a new secret
  // for each endpoint.
  const isOurs = registrar.secret === 'given' || registrar.secret === 'none'
  return {
    sender,
    registrar,
    topics,
    options: account,
    variable,
    secret: isOurs ? (secret?.[0] ?? process.env[variable]) : undefined,
    made: undefined,
  }
}

/** Returns the provider's API for registering endpoints. Undefined if the provider has none. */
export function senderApiOf({ name }: About): SenderApi | undefined {
  const all = [...senders.values()].filter(({ registrar }) => registrar)
  return all.find((one) => one.name === name) ?? all.find((one) => one.provider === name)
}

/** Creates the provider of a recipient. Throws if no secret is known. */
export async function makeProvider(
  recipient: Recipient,
  options: SenderOptions,
  origin: string,
): Promise<Provider> {
  const { about, job } = recipient
  const given = options.option ?? []
  const isBased = 'publicBase' in about.options && origin !== ''
  const base = isBased && !given.some((one) => one.startsWith('publicBase='))
  const secret = job?.secret === undefined ? options.secret : [job.secret]
  const made = await providerOf(about.name, {
    ...options,
    ...(secret && { secret }),
    option: [...given, ...(base ? [`publicBase=${origin}`] : [])],
  })
  recipient.provider = made.provider
  recipient.secrets = made.secrets
  return made.provider
}

export function signerOf({ about, variable, provider, secrets: [secret] }: Recipient): SignedBy {
  const mark = provider && secret !== undefined ? fingerprint(provider.name, secret) : undefined
  return { title: about.title, variable, mark }
}
