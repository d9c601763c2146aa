import { readFileSync } from 'node:fs'
import { createReceiver } from '@postern/core'
import type { About, Provider, SignableRequest } from '@postern/core/scheme'
import type { Vector } from '@postern/testing'
import { bodies } from '../../../packages/providers/test/official/bodies.ts'
import { lawsOf } from '../../../packages/providers/test/signing.ts'
import { askedOf, type Asked, type Made, type Official, type Sdk } from './sdk.ts'

/** Delivery with the verdicts of Postern and of the official library. */
export interface Judged {
  readonly name: string
  readonly ours: boolean
  readonly theirs: boolean
}

type Options = Readonly<Record<string, unknown>>

const NOW = 1_790_000_000

/** Returns the verdicts on all deliveries. */
export async function judge(about: About, sdk: Sdk, official: Official): Promise<Judged[]> {
  return [
    ...(await known(about, official)),
    ...(await ours(about, sdk, official)),
    ...(await theirs(about, sdk, official)),
  ]
}

/** Judges the provider's test vectors, at the time of each vector. */
async function known({ name }: About, official: Official): Promise<Judged[]> {
  const file = new URL(`../../vectors/${name}.json`, import.meta.url)
  const judged: Judged[] = []
  for (const vector of JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[]) {
    // Leaves out vectors that do not depend only on the signature: challenges, and deliveries that are rejected or
    // dropped after verification.
    if (vector.handshake || vector.verifyOnly || vector.mayDrop) continue
    const secrets = [vector.secret ?? ''].flat()
    const accepted: boolean[] = []
    for (const secret of secrets)
      accepted.push(await accepts(official, vectorAsked(vector, String(secret))))
    const valid = vector.expect === 'valid'
    judged.push({ name: vector.name, ours: valid, theirs: accepted.includes(true) })
  }
  return judged
}

function vectorAsked(vector: Vector, secret: string): Asked {
  const { method, headers, bodyBase64, extra, now } = vector
  const own: unknown = extra?.['publicUrl']
  const url = typeof own === 'string' ? own : vector.url
  const lines = Object.entries(headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    [value].flat().join(', '),
  ])
  const request = {
    method: method ?? 'POST',
    url,
    headers: Object.fromEntries(lines) as Record<string, string>,
    body: Buffer.from(bodyBase64 ?? '', 'base64'),
  } as SignableRequest
  return askedOf(request, secret, (extra ?? {}) as Options, now ?? NOW)
}

/** Judges deliveries that Postern's `sign` creates, unchanged and damaged. */
async function ours(about: About, sdk: Sdk, official: Official): Promise<Judged[]> {
  const laws = sdk.ours === false ? undefined : lawsOf(about.name)
  if (!laws) return []
  const [secret, other] = laws.secrets as [string, string]
  const provider = made(about, secret, laws.options)
  const at = NOW * 1000
  const judged: Judged[] = []
  const add = async (name: string, request: SignableRequest, key = secret): Promise<void> => {
    const asked = askedOf(request, key, (laws.options ?? {}) as Options, NOW)
    const own = made(about, key, laws.options)
    judged.push({
      name: `sign: ${name}`,
      ours: await taken(own, request),
      theirs: await accepts(official, asked),
    })
  }
  const right = provider.sign!({ ...(laws.draft ?? { payload: {} }), at })
  await add('as drafted', right)
  const anyBody = sdk.anyBody !== false && laws.draft?.body === undefined
  if (anyBody && about.formats[0] === 'json')
    for (const [index, body] of bodies.entries())
      await add(
        `body ${index + 1}`,
        provider.sign!({ ...laws.draft, payload: undefined, body, at }),
      )
  await add('a byte more', { ...right, body: Buffer.concat([right.body, Buffer.from(' ')]) })
  await add('another secret', right, other)
  if (sdk.signature !== undefined) {
    const { [sdk.signature]: _none, ...headers } = right.headers
    await add('no signature', { ...right, headers })
    const cut = right.headers[sdk.signature]?.slice(0, -1) ?? ''
    await add('a signature cut short', {
      ...right,
      headers: { ...right.headers, [sdk.signature]: cut },
    })
  }
  if (provider.covers.timestamp)
    for (const [name, days] of [
      ['signed a day ago', -1],
      ['signed tomorrow', 1],
    ] as const)
      await add(name, provider.sign!({ ...laws.draft, at: at + days * 86_400_000 }))
  return judged
}

/** Judges deliveries that the library signs, unchanged and damaged. */
async function theirs(about: About, sdk: Sdk, official: Official): Promise<Judged[]> {
  const secret = lawsOf(about.name)?.secrets[0]
  if (typeof secret !== 'string') return []
  const { options = {} } = lawsOf(about.name)!
  const provider = made(about, secret, options)
  const judged: Judged[] = []
  const request = { method: 'POST', url: 'https://example.com/' }
  const asking = (body: string, headers = {}): Asked =>
    askedOf({ ...request, headers, body: Buffer.from(body) }, secret, options as Options, NOW)
  const all: Made[] = []
  if (official.make) all.push(await withClock(NOW, () => official.make!(asking(''))))
  if (official.sign)
    for (const body of bodies)
      all.push({ body, headers: await withClock(NOW, () => official.sign!(asking(body))) })
  for (const [index, { body, headers }] of all.entries()) {
    const name = `library signs: body ${index + 1}`
    const signed = { ...request, headers, body: Buffer.from(body) }
    judged.push({ name, ours: await taken(provider, signed), theirs: true })
    const changed = { ...signed, body: Buffer.from(`${body} `) }
    judged.push({
      name: `${name}, changed`,
      ours: await taken(provider, changed),
      theirs: await accepts(official, asking(`${body} `, headers)),
    })
  }
  return judged
}

function made(about: About, secret: string, options: object | undefined): Provider {
  return about.create({
    ...options,
    ...(about.secretOption !== undefined && { [about.secretOption]: secret }),
  })
}

async function taken(provider: Provider, request: SignableRequest): Promise<boolean> {
  const receiver = createReceiver({ provider, log: false, clock: { now: () => NOW * 1000 } })
  receiver.onAny(() => undefined)
  const { status } = await receiver.receive(request)
  await receiver.close()
  // A verified delivery without a complete event gets 400, so only 401 and 403 count as rejected signatures.
  return status !== 401 && status !== 403
}

async function accepts(official: Official, asked: Asked): Promise<boolean> {
  try {
    return (await withClock(asked.now, async () => official.verify(asked))) !== false
  } catch {
    return false
  }
}

/** Runs with a fixed clock (`now` in seconds), because libraries have no option for it. */
async function withClock<Result>(
  now: number,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const Real = globalThis.Date
  class Still extends Real {
    constructor(...given: []) {
      if (given.length === 0) super(now * 1000)
      else super(...given)
    }

    static override now(): number {
      return now * 1000
    }
  }
  globalThis.Date = Still as DateConstructor
  try {
    return await run()
  } finally {
    globalThis.Date = Real
  }
}
