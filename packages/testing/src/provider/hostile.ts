import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import type { DeliveryInit } from '@postern/core'
import type { Provider, SignableRequest } from '@postern/core/scheme'
import type { TestRunner } from '../ledger.ts'
import { differences, signaturePlaces } from './tamper.ts'
import { toldOf, trial, type Tried } from './trial.ts'
import { signingProvider, type SigningLaws, type ProviderUnderTest } from './vector.ts'

const NOW = 1_760_000_000_000
/** A captured body is sent again with each of these content types. */
export const LABELS: readonly (string | undefined)[] = [
  undefined,
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain;charset=UTF-8',
  'text/xml',
  'multipart/form-data; boundary=evil',
  'application/octet-stream',
  'application/json; charset=utf-16le',
]
const QUERY = 'type=evil&topic=evil&event=evil&id=evil&command=%2Fevil&payload=%7B%7D'

/**
 * Defines tests with changes to a genuine delivery. The provider must reject each changed delivery, or read the same
 * events as without the change.
 */
export function hostileLaws(under: ProviderUnderTest, laws: SigningLaws, runner: TestRunner): void {
  const provider = signingProvider(under, laws, laws.secrets[0])
  const { covers, labelled, formats = ['json'], codings = {}, methods = ['POST'] } = provider
  const sign = (draft = laws.draft): SignableRequest => provider.sign!({ at: NOW, ...draft })
  const isLabelSigned = labelled !== undefined || (covers.body === 'none' && formats.length > 1)

  const captured = (
    name: string,
    play: (signed: SignableRequest, genuine: Tried) => Promise<void>,
  ): unknown =>
    runner.test(name, async () => {
      const signed = sign()
      await play(signed, await send(provider, signed))
    })

  runner.describe(`${under.name}: a captured delivery`, () => {
    if (!isLabelSigned)
      captured(
        'means the same whatever media type, boundary and charset are declared',
        async (signed, genuine) => {
          for (const label of LABELS)
            same(await send(provider, labelledAs(signed, label)), genuine, String(label))
        },
      )

    runner.test('is rejected with a coding that the provider does not declare', async () => {
      const signed = sign()
      const others = ['br', 'deflate', 'zstd', 'gzip, gzip']
      for (const coding of 'gzip' in codings ? others : [...others, 'gzip']) {
        const headers = { ...signed.headers, 'content-encoding': coding }
        const result = await send(provider, { ...signed, headers })
        assert.equal(result.reply.status, 415, told(coding, result))
      }
    })

    captured('is rejected under another method, or means the same', async (signed, genuine) => {
      for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'GET']) {
        if (covers.body === 'none' && methods.includes(method)) continue
        const result = await send(provider, { ...signed, method })
        if (!methods.includes(method)) assert.equal(result.reply.status, 405, told(method, result))
        sameOrNothing(result, genuine, method)
      }
    })

    captured(
      'is rejected with a query that was added, or means the same',
      async (signed, genuine) => {
        const url = `${signed.url}${signed.url.includes('?') ? '&' : '?'}${QUERY}`
        const result = await send(provider, { ...signed, url })
        if (covers.url) sameOrNothing(result, genuine, 'a query')
        else same(result, genuine, 'a query')
      },
    )

    if (covers.topic !== false && covers.body !== 'none' && laws.draft?.topic !== undefined)
      captured('has no other topic by a header that was changed', async (signed, genuine) => {
        const other = sign({ ...laws.draft, topic: `${laws.draft!.topic}x` })
        for (const { header } of differences(signed, other)) {
          if (header === undefined) continue
          const headers = { ...signed.headers, [header]: other.headers[header]! }
          sameOrNothing(await send(provider, { ...signed, headers }), genuine, header)
        }
      })

    captured(
      'is rejected if a header of its signature came twice, or means the same',
      async (signed, genuine) => {
        for (const { header } of signaturePlaces(sign, laws.draft ?? {}, laws.secrets[1])) {
          if (header === undefined) continue
          const twice = [signed.headers[header]!, signed.headers[header]!]
          sameOrNothing(
            await send(provider, { ...signed, headers: { ...signed.headers, [header]: twice } }),
            genuine,
            header,
          )
        }
      },
    )

    if (covers.body !== 'none')
      runner.test('is rejected with a body that is dear to read', async () => {
        for (const body of bombs())
          nothing(await send(provider, { ...sign(), body: Buffer.from(body) }), 'a bomb')
      })

    if (under.secretOption !== undefined)
      runner.test('is rejected if the secret is not text', async () => {
        const [text] = laws.secrets
        const odds = [
          new String(text),
          Buffer.from(text),
          new Set([text]),
          { a: text },
          [[text]],
          7,
        ]
        for (const odd of odds) {
          assert.throws(() => signingProvider(under, laws, odd), TypeError)
          const result = await looked(() => signingProvider(under, laws, () => odd), sign())
          if (result) assert.equal(result.reply.status, 503, told('an odd secret', result))
        }
      })

    if (provider.challenge)
      runner.test('cannot be a challenge', () => {
        const body = Buffer.from(sign().body).toString()
        assert.ok(!provider.challenge!.test(body), 'what sign makes matches challenge')
      })
  })
}

let made: readonly (string | Uint8Array)[] | undefined

/** Makes the bodies at the first use, because compressing 50 MB would slow down every import of the package. */
function bombs(): readonly (string | Uint8Array)[] {
  made ??= [
    `[${'{},'.repeat(50_000)}{}]`,
    '['.repeat(100_000),
    `<a>${'<b/>'.repeat(50_000)}</a>`,
    'a&'.repeat(50_000),
    gzipSync(Buffer.alloc(50_000_000)),
  ]
  return made
}

function labelledAs(request: SignableRequest, label: string | undefined): DeliveryInit {
  const { ['content-type']: _, ...headers } = request.headers
  return {
    ...request,
    headers: { ...headers, ...(label !== undefined && { 'content-type': label }) },
  }
}

async function looked(make: () => Provider, request: SignableRequest): Promise<Tried | undefined> {
  let provider: Provider
  try {
    provider = make()
  } catch (error) {
    // The secret of this provider cannot be a function.
    assert.ok(error instanceof TypeError)
    return undefined
  }
  return send(provider, request)
}

function send(provider: Provider, delivery: DeliveryInit): Promise<Tried> {
  return trial(provider, NOW, delivery)
}

function same(result: Tried, genuine: Tried, what: string): void {
  assert.ok(result.reply.status < 300, told(what, result))
  assert.deepEqual(read(result), read(genuine), told(what, result))
}

function sameOrNothing(result: Tried, genuine: Tried, what: string): void {
  if (result.events.length === 0) assert.ok(result.reply.status < 500, told(what, result))
  else same(result, genuine, what)
}

function nothing(result: Tried, what: string): void {
  const { status } = result.reply
  assert.ok(status >= 400 && status < 500, told(what, result))
  assert.deepEqual(result.events, [], told(what, result))
}

function read({ events, payloads }: Tried): unknown {
  return { topics: events.map(({ topic }) => topic), payloads }
}

function told(what: string, result: Tried): string {
  return `${what}: ${toldOf(result)}`
}
