import assert from 'node:assert/strict'
import type { Provider } from '@postern/core/scheme'
import { accessLaws } from './provider/access.ts'
import { challengeLaws } from './provider/challenge.ts'
import { hostileLaws } from './provider/hostile.ts'
import { judgeTrial } from './provider/judge.ts'
import { signingLaws, type SigningLaws } from './provider/laws.ts'
import { toReply, trial } from './provider/trial.ts'
import { vectorOptions, vectorRequest, type Vector } from './provider/vector.ts'
import type { TestRunner } from './runner.ts'

/** The provider {@link testProvider} examines: an entry of the catalogue and its vectors. */
export interface ProviderUnderTest {
  readonly name: string
  /** The factory. */
  create(options: object): Provider
  /** The names of the factory's options: each that takes a function is watched while a delivery is refused. @default none */
  readonly options?: Readonly<Record<string, unknown>>
  /** Name of the factory's secret option. Absent if it has none. */
  readonly secretOption?: string | undefined
  readonly vectors?: readonly Vector[]
  /** Judges the reason of each refusal too. @default false */
  readonly reasons?: boolean
  /** Two secrets and a draft, if the provider can sign: the laws of signing are then checked. */
  readonly sign?: SigningLaws
}

/**
 * The contract of a provider: every vector goes through a whole receiver, by `receive()` and by `fetch()`, and if it
 * can sign, the laws of signing and of captured deliveries hold: what is not signed decides nothing, what is dear is
 * refused unread, and no challenge is an event.
 *
 * @example
 * import { describe, test } from 'vitest'
 * testProvider({ ...githubEntry, vectors, sign: { secrets: ['a', 'b'] } }, { describe, test })
 */
export function testProvider(under: ProviderUnderTest, runner: TestRunner): void {
  const { vectors = [], reasons = false } = under
  if (vectors.length > 0) {
    runner.describe(`${under.name}: known answers`, () => {
      for (const vector of vectors) {
        runner.test(`${vector.name}: receive`, () => byReceive(under, vector, reasons))
        if (vectorRequest(vector))
          runner.test(`${vector.name}: fetch`, () => byFetch(under, vector, reasons))
      }
    })
  }
  if (vectors.length > 0) accessLaws(under, vectors, runner)
  const challenges = vectors.filter(({ expect, handshake }) => expect === 'valid' && handshake)
  if (challenges.length > 0) challengeLaws(under, challenges, runner)
  if (!under.sign) return
  signingLaws(under, under.sign, runner)
  hostileLaws(under, under.sign, runner)
}

async function byReceive(
  under: ProviderUnderTest,
  vector: Vector,
  reasons: boolean,
): Promise<void> {
  const provider = created(under, vector)
  if (!provider) return
  const { method, url, headers, bodyBase64 } = vector
  const delivery = { method, url, headers, body: Buffer.from(bodyBase64, 'base64') }
  const result = await trial(provider, clockOf(vector), (receiver) => receiver.receive(delivery))
  judgeTrial(vector, result, { reasons, joined: false })
}

async function byFetch(under: ProviderUnderTest, vector: Vector, reasons: boolean): Promise<void> {
  const provider = created(under, vector)
  if (!provider) return
  const result = await trial(provider, clockOf(vector), async (receiver) =>
    toReply(await receiver.fetch(vectorRequest(vector)!)),
  )
  const joined = Object.values(vector.headers).some((value) => typeof value !== 'string')
  judgeTrial(vector, result, { reasons, joined })
}

// A factory that refuses the key of an invalid delivery has refused the delivery, if its message names the option.
function created(under: ProviderUnderTest, vector: Vector): Provider | undefined {
  const options = vectorOptions(vector, under.secretOption)
  try {
    return under.create(options)
  } catch (error) {
    if (vector.expect !== 'invalid' || !(error instanceof TypeError)) throw error
    const named = Object.keys(options).some((option) => error.message.includes(option))
    assert.ok(named, `the factory refuses without naming an option: ${error.message}`)
    return undefined
  }
}

function clockOf(vector: Vector): number | undefined {
  return typeof vector.now === 'number' ? vector.now * 1000 : undefined
}
