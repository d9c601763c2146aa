import assert from 'node:assert/strict'
import type { default as FastCheck, Arbitrary } from 'fast-check'
import type { Draft, Provider, SignableRequest } from '@postern/core/scheme'
import type { TestRunner } from '../ledger.ts'
import { flipCharacter, signaturePlaces, tamperings } from './tamper.ts'
import { bench, toldOf, trial, type Tried } from './trial.ts'
import { signingProvider, type SigningLaws, type ProviderUnderTest } from './vector.ts'

const NOW = 1_760_000_000_000
const DRAWS = 40

/** Defines tests of signing with random payloads, places and changes. */
export function signingLaws(under: ProviderUnderTest, laws: SigningLaws, runner: TestRunner): void {
  const numRuns = laws.draws ?? DRAWS
  const [first, second] = laws.secrets
  const provider = signingProvider(under, laws, first)
  if (!provider.sign) throw new TypeError(`${under.name} cannot sign; leave the option laws out`)
  const sign = (draft: Draft): SignableRequest => provider.sign!({ at: NOW, ...draft })
  const drafts = (fc: typeof FastCheck): Arbitrary<Draft> =>
    fc.string({ unit: 'binary' }).map((note) => withNote(laws.draft, note))

  runner.describe(`${under.name}: what sign makes`, () => {
    runner.test('is accepted, with the topic and the id of the draft', async () => {
      const fc = await fastCheck()
      await fc.assert(
        fc.asyncProperty(drafts(fc), async (draft) => {
          const result = await trial(provider, NOW, sign(draft))
          assert.ok(result.reply.status < 300, toldOf(result))
          assert.ok(result.events.length > 0, 'no event was accepted')
          if (draft.topic !== undefined) assert.equal(result.events[0]!.topic, draft.topic)
          if (draft.id !== undefined) assert.equal(result.events[0]!.id, draft.id)
        }),
        { numRuns },
      )
    })

    runner.test('is rejected after any change of what the signature covers', () =>
      rejecting(provider, async (attack) => {
        const fc = await fastCheck()
        const bits = fc.integer({ min: 1, max: 255 })
        const law = fc.asyncProperty(drafts(fc), fc.nat(), bits, async (draft, place, flipped) => {
          const signed = sign(draft)
          for (const changed of tamperings(
            { provider, sign, draft, laws, at: NOW },
            signed,
            place,
            flipped,
          ))
            await attack(changed)
        })
        await fc.assert(law, { numRuns })
      }),
    )

    runner.test('is rejected after any change of a character of the signature', () =>
      rejecting(provider, async (attack) => {
        const fc = await fastCheck()
        const places = signaturePlaces(sign, laws.draft ?? {}, second)
        const law = fc.asyncProperty(drafts(fc), fc.nat(), fc.nat(), async (draft, at, pick) => {
          const signed = sign(draft)
          for (const place of places) {
            const changed = flipCharacter(signed, place, at, pick, laws.anyCase === true)
            if (changed) await attack(changed)
          }
        })
        await fc.assert(law, { numRuns: 5 * numRuns })
      }),
    )

    runner.test(
      'is accepted while its secret is one of two in force, in either order',
      async () => {
        for (const secret of [first, second]) {
          const signed = sign({ ...withNote(laws.draft, 'rotation'), secret })
          const send = (secrets: string | readonly string[]): Promise<Tried> =>
            trial(signingProvider(under, laws, secrets), NOW, signed)
          for (const order of [laws.secrets, laws.secrets.toReversed()])
            assert.ok((await send(order)).reply.status < 300, `secrets in force: both`)
          rejected(await send(secret === first ? second : first))
        }
      },
    )
  })
}

function withNote(draft: Draft = {}, note: string): Draft {
  const { payload } = draft
  if (draft.body !== undefined || (payload !== undefined && !isObject(payload))) return draft
  return { ...draft, payload: { ...payload, note } }
}

// All attacks go to one receiver, which must accept none. So no attack is rejected only as a duplicate of an earlier
// attack.
async function rejecting(
  provider: Provider,
  body: (attack: (request: SignableRequest) => Promise<void>) => Promise<void>,
): Promise<void> {
  const one = bench(provider, NOW)
  try {
    await body(async (request) => rejected(await one.send(request)))
  } finally {
    await one.close()
  }
}

function rejected(result: Tried): void {
  const { status } = result.reply
  assert.ok(status >= 400 && status < 500, `expected a rejection, ${toldOf(result)}`)
  assert.deepEqual(result.events, [])
}

// fast-check is an optional peer dependency, which only these tests need.
async function fastCheck(): Promise<typeof FastCheck> {
  try {
    return (await import('fast-check')).default
  } catch (cause) {
    throw new TypeError(
      'testProvider with sign: fast-check is not there, and the laws of signing need it: npm install --save-dev fast-check',
      { cause },
    )
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
