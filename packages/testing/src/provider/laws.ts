import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Draft, Provider, SignableRequest } from '@postern/core'
import type { Runner } from '../runner.ts'
import type { ProviderUnderTest } from '../provider.ts'
import { differences, replaceAt, type Place } from './places.ts'
import { signedFields } from './fields.ts'
import { trial, type Trial } from './trial.ts'

/** What the laws of signing need to know about a provider that can sign. */
export interface SigningLaws {
  /** Two secrets in the provider's format; each can sign and verify. */
  readonly secrets: readonly [string, string]
  /** Other options of the factory. */
  readonly options?: object
  /** What is signed. Where it names a topic or an id, the event must have them. @default a payload alone */
  readonly draft?: Draft
  /** True where upper and lower case of the signature (or of the word before a token) are the same to the provider. @default false */
  readonly anyCase?: boolean
  /** What of a body is protected, where a provider `covers` fields. @default the fields of a form, the value of JSON */
  readonly covered?: (body: Uint8Array, contentType: string) => unknown
}

const NOW = 1_760_000_000_000
const RUNS = { numRuns: 40 }

/** The laws that hold for whatever is signed: each is a property over random payloads, places and changes. */
export function signingLaws(under: ProviderUnderTest, laws: SigningLaws, runner: Runner): void {
  const [first, second] = laws.secrets
  const make = (secret: string | readonly string[]): Provider =>
    under.create({ ...laws.options, ...(under.secretOption && { [under.secretOption]: secret }) })
  const provider = make(first)
  if (!provider.sign) throw new TypeError(`${under.name} cannot sign: leave its laws out`)
  const sign = (draft: Draft): SignableRequest => provider.sign!({ at: NOW, ...draft })
  const drafts = fc.string({ unit: 'binary' }).map((note): Draft => withNote(laws.draft, note))

  runner.describe(`${under.name}: what sign makes`, () => {
    runner.test('is accepted, with the topic and the id of the draft', () =>
      fc.assert(
        fc.asyncProperty(drafts, async (draft) => {
          const result = await send(provider, sign(draft))
          assert.ok(result.reply.status < 300, told(result))
          assert.ok(result.events.length > 0, 'no event was taken')
          if (draft.topic !== undefined) assert.equal(result.events[0]!.topic, draft.topic)
          if (draft.id !== undefined) assert.equal(result.events[0]!.id, draft.id)
        }),
        RUNS,
      ),
    )

    runner.test('is refused after any change of what the signature covers', () =>
      fc.assert(
        fc.asyncProperty(
          drafts,
          fc.nat(),
          fc.integer({ min: 1, max: 255 }),
          async (draft, place, bits) => {
            const signed = sign(draft)
            for (const changed of tampered(provider, signed, sign, draft, laws, place, bits))
              refused(await send(provider, changed))
          },
        ),
        RUNS,
      ),
    )

    runner.test('is refused after any change of a character of the signature', () => {
      const places = signaturePlaces(sign, laws.draft ?? {}, second)
      return fc.assert(
        fc.asyncProperty(drafts, fc.nat(), fc.nat(), async (draft, at, pick) => {
          const signed = sign(draft)
          for (const place of places) {
            const changed = flipCharacter(signed, place, at, pick, laws.anyCase === true)
            if (changed) refused(await send(provider, changed))
          }
        }),
        { numRuns: 200 },
      )
    })

    runner.test(
      'is accepted while its secret is one of two in force, in either order',
      async () => {
        for (const secret of [first, second]) {
          const signed = sign({ ...withNote(laws.draft, 'rotation'), secret })
          for (const order of [laws.secrets, laws.secrets.toReversed()])
            assert.ok(
              (await send(make(order), signed)).reply.status < 300,
              `secrets in force: both`,
            )
          const other = secret === first ? second : first
          refused(await send(make(other), signed))
        }
      },
    )
  })
}

function* tampered(
  provider: Provider,
  signed: SignableRequest,
  sign: (draft: Draft) => SignableRequest,
  draft: Draft,
  laws: SigningLaws,
  place: number,
  bits: number,
): Generator<SignableRequest> {
  const { covers } = provider
  if (covers.body !== 'none' && signed.body.length > 0) {
    const body = Uint8Array.from(signed.body)
    body[place % body.length]! ^= bits
    const covered = laws.covered ?? signedFields
    const type = signed.headers['content-type'] ?? ''
    const same =
      covers.body === 'fields' && isEqual(covered(body, type), covered(signed.body, type))
    if (!same) yield { ...signed, body }
  }
  if (covers.url) {
    const url = new URL(signed.url)
    url.pathname += `/${bits}`
    yield { ...signed, url: url.href }
  }
  if (covers.id && draft.id !== undefined) {
    for (const [name, value] of Object.entries(signed.headers))
      if (value === draft.id) yield replaceAt(signed, { header: name }, `${value}${bits}`)
  }
  if (covers.timestamp) {
    // The signature stays; whatever else a later moment changes is put in the place of what was signed.
    const later = sign({ ...draft, at: NOW + 60_000 })
    const signatures = signaturePlaces(sign, draft, laws.secrets[1])
    const random = differences(signed, sign(draft))
    for (const found of differences(signed, later)) {
      const other = [...signatures, ...random].some((one) => isEqual(one, found))
      if (other || found.header === undefined) continue
      yield replaceAt(signed, found, later.headers[found.header]!)
    }
  }
}

// What another secret changes, without what is random each time (a request id).
function signaturePlaces(
  sign: (draft: Draft) => SignableRequest,
  draft: Draft,
  secret: string,
): readonly Place[] {
  const signed = sign(draft)
  const random = differences(signed, sign(draft))
  return differences(signed, sign({ ...draft, secret })).filter(
    (place) => !random.some((one) => isEqual(one, place)),
  )
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_'

function flipCharacter(
  signed: SignableRequest,
  place: Place,
  at: number,
  pick: number,
  anyCase: boolean,
): SignableRequest | undefined {
  const text =
    place.header === undefined
      ? new URL(signed.url).searchParams.get(place.query)!
      : signed.headers[place.header]!
  const index = at % text.length
  const old = text[index]!
  const fresh = ALPHABET[pick % ALPHABET.length]!
  if (fresh === old || (anyCase && fresh.toLowerCase() === old.toLowerCase())) return undefined
  return replaceAt(signed, place, text.slice(0, index) + fresh + text.slice(index + 1))
}

function withNote(draft: Draft = {}, note: string): Draft {
  const { payload } = draft
  if (draft.body !== undefined || (payload !== undefined && !isObject(payload))) return draft
  return { ...draft, payload: { ...payload, note } }
}

function send(provider: Provider, signed: SignableRequest): Promise<Trial> {
  return trial(provider, NOW, (receiver) => receiver.receive(signed))
}

function refused(result: Trial): void {
  const { status } = result.reply
  assert.ok(status >= 400 && status < 500, `expected a refusal, ${told(result)}`)
  assert.deepEqual(result.events, [])
}

function told(result: Trial): string {
  return `got ${result.reply.status} ${result.code ?? ''} ${result.message ?? ''}`
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b)
    return true
  } catch {
    return false
  }
}
