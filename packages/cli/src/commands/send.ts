import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { behind, createReceiver, inlineInbox, memoryLedger } from '@postern/core'
import { many, senderOptions } from '../options/shared-options.ts'
import type { SignableRequest, About, Provider } from '@postern/core/scheme'
import { sample, samples, signedInit } from '@postern/samples'
import { countOption, meant, numberOption, requireWebUrl } from '../options/checked-options.ts'
import { Failure, type ExitCode, remark, say, sayJson } from '../print/say.ts'
import {
  gatewayNames,
  gatewayOf,
  aboutOf,
  providerOf,
  type SenderOptions,
} from '../sender/sender.ts'
import { createBar } from '../sender-api/bar.ts'
import { paced } from '../send/pace.ts'
import { payloadOf, type PayloadOptions } from '../send/payload.ts'
import { post, sentLine, tellWho, type Sent } from '../send/post.ts'
import { lasting } from '../print/style.ts'
import { generateKeyPairSync } from 'node:crypto'

interface SendOptions extends SenderOptions, PayloadOptions {
  readonly to: string
  readonly behind?: string
  readonly count: string
  readonly rate?: string
  readonly duplicate?: boolean
  readonly tamper?: boolean
  readonly stale?: boolean
  readonly timeout: string
  readonly json?: boolean
}

export function declare(command: Command): void {
  senderOptions(command)
    .requiredOption('--to <url>', 'send to this URL')
    .option('--behind <gateway>', `send through: ${gatewayNames.join(', ')}`)
    .option('--data <json>', 'merge JSON or @file into the sample payload')
    .option('--set <a.b=value>', 'set one member of the payload; repeatable', many)
    .option('--count <number>', 'set the number of deliveries', '1')
    .option('--rate <number>', 'set deliveries per second (default: one after another)')
    .option('--duplicate', 'send the same delivery twice')
    .option('--tamper', 'change a byte after signing')
    .option('--stale', 'sign it 30 days ago')
    .option('--timeout <seconds>', 'set how long to wait for a reply', '30')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'send github issues.opened --to http://localhost:3000/webhooks/github',
        'send stripe invoice.paid --to http://localhost:3000/stripe --set data.object.total=999',
        'send shopify --to http://localhost:3000/shopify --count 100 --rate 20',
      ),
    )
    .action(runAction(sendCommand))
}

/** `postern send`: sends signed deliveries to a URL. Exit code 1 if a delivery was rejected, 3 if nothing answered. */
export async function sendCommand(
  name: string,
  topic: string | undefined,
  options: SendOptions,
): Promise<ExitCode> {
  requireWebUrl('--to', options.to)
  const count = countOption('--count', options.count)
  const rate = options.rate === undefined ? undefined : numberOption('--rate', options.rate)
  const timeout = numberOption('--timeout', options.timeout) * 1000
  const payload = await payloadOf(options)
  const known = await aboutOf(name)
  const gateway = await gatewayOf(options.behind, known.name)
  const about = gateway ?? known
  for (const one of [known, about])
    if (!one.canSign)
      throw new Failure(2, `${one.title} cannot be sent: only the sender has the key that signs`)
  const signer = await providerOf(about.name, options, newKey)
  const provider = gateway ? behind(signer.provider, known.create(known.example)) : signer.provider
  const shownTopic = await topicOf(known.name, topic, options)
  if (options.stale && provider.covers.timestamp !== true)
    remark(`${about.title} does not sign a timestamp, so the receiver accepts a stale delivery`)
  if (options.tamper && provider.covers.body === 'none')
    remark(`${about.title} does not sign the body, so the receiver accepts a changed one`)
  const first = await makeOne()
  const times = options.duplicate && count === 1 ? 2 : count
  const isMany = times > LINES
  const bar = isMany ? createBar() : undefined
  const all: Sent[] = []
  try {
    await paced(times, rate, async (at) => {
      const request = at === 0 || options.duplicate ? first : await makeOne()
      const sent = await post(request, timeout)
      all.push(sent)
      if (!options.json && !isMany) say(sentLine(sent, name, shownTopic))
      bar?.show(`${all.length} of ${times}`, all.length / times)
    })
  } finally {
    bar?.end()
    if (options.json) sayJson(all, 2)
    else if (all.length > 0 && times > 1) remark(summary(all))
    // `--tamper` and `--stale` cause a rejection on purpose, so no remedy is shown.
    const isAsked = ({ by }: Sent): boolean =>
      by === 'receiver' && (options.tamper === true || options.stale === true)
    if (!options.json) tellWho(all.filter((one) => !isAsked(one)))
  }
  return all.some(({ status }) => status >= 300) ? 1 : 0

  async function makeOne(): Promise<SignableRequest> {
    const at = options.stale ? Date.now() - STALE : undefined
    const made = await signedInit(provider, topic, payload, {
      url: options.to,
      ...(at !== undefined && { at }),
    })
    return options.tamper ? tampered(provider, made) : made
  }
}

/**
 * Returns the topic to send. If the provider has samples and `--data` is missing, the topic must be the topic of a
 * sample.
 */
async function topicOf(
  provider: string,
  topic: string | undefined,
  { data }: SendOptions,
): Promise<string> {
  const found = await sample(provider, topic).catch(() => undefined)
  if (found) return found.topic
  const known = await samples(provider).catch(() => [])
  if (topic === undefined || data !== undefined || known.length === 0) return topic ?? ''
  const names = known.map((one) => one.topic)
  throw new Failure(
    2,
    `topic must be one of ${names.join(', ')}, got ${topic}${meant(topic, names)}; another one needs its payload, as in --data @payload.json`,
  )
}

// Age of the delivery that `--stale` sends, in milliseconds. No provider accepts a delivery that is older than three
// days.
const STALE = 30 * 86_400_000
// Maximum number of deliveries to print one by one. More are printed as a progress bar and a summary.
const LINES = 20

function summary(all: readonly Sent[]): string {
  const statuses = [...new Set(all.map(({ status }) => status))].toSorted(
    (one, other) => one - other,
  )
  const counts = statuses.map(
    (one) => `${all.filter(({ status }) => status === one).length} × ${one}`,
  )
  const took = all.map(({ ms }) => ms).toSorted((one, other) => one - other)
  const median = took[Math.floor(took.length / 2)]!
  const accepted = all.filter(({ status }) => status < 300).length
  return `${all.length} sent, ${accepted} accepted (${counts.join(', ')}); replies in ${lasting(median)}, the slowest in ${lasting(took.at(-1)!)}`
}

/**
 * Makes a private key for a provider that signs with one, and prints the public key for the receiver. Returns undefined
 * for a provider with a shared secret.
 */
function newKey(about: About): string | undefined {
  if (about.name === 'discord') {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const hex = (text: string | undefined): string =>
      Buffer.from(text ?? '', 'base64url').toString('hex')
    tell(about, hex(publicKey.export({ format: 'jwk' }).x))
    return `private:${hex(privateKey.export({ format: 'jwk' }).d)}`
  }
  if (about.name.startsWith('sendgrid')) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    tell(about, publicKey.export({ format: 'der', type: 'spki' }).toString('base64'))
    return privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  }
  return undefined
}

function tell({ title, secretOption }: About, publicKey: string): void {
  remark(
    `signed with a new key, since none was given for ${title}. Its public half, for the receiver's ${secretOption}:\n${publicKey}`,
  )
}

// Maximum number of positions in the body to try.
const MOST = 64

/** Returns the request with one byte of its body changed. If possible, this is a byte that the signature covers. */
async function tampered(provider: Provider, request: SignableRequest): Promise<SignableRequest> {
  const inbox = inlineInbox({ ledger: memoryLedger({ dedupeWindow: '90d' }) })
  const receiver = createReceiver({ provider, inbox, log: false, explain: false })
  receiver.onAny(() => undefined)
  const all = changes(request)
  try {
    // Some providers sign only a few members, so several changes are tried.
    for (const changed of all) if ((await receiver.receive(changed)).status === 401) return changed
    return all[0]!
  } finally {
    await receiver.close()
  }
}

/**
 * Returns copies of the request, each with one letter or digit of the body changed. A body without letters and digits
 * gets a space.
 */
function changes(request: SignableRequest): readonly SignableRequest[] {
  const text = Buffer.from(request.body).toString('latin1')
  const places = [...text.matchAll(/[a-z\d]/g)].map(({ index }) => index)
  const step = Math.max(1, Math.floor(places.length / MOST))
  const chosen = places.filter((_, at) => at % step === 0)
  if (chosen.length === 0) return [{ ...request, body: Uint8Array.from([...request.body, 32]) }]
  return chosen.map((place) => {
    const body = Uint8Array.from(request.body)
    body[place] = OTHER[String.fromCharCode(body[place]!)] ?? 97
    return { ...request, body }
  })
}

const OTHER: Readonly<Record<string, number>> = { a: 98, 1: 50 }
