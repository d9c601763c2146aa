import assert from 'node:assert/strict'
import type { Provider } from '@postern/core/scheme'
import { accessLaws } from './provider/access.ts'
import { hostileLaws, LABELS } from './provider/hostile.ts'
import { signingLaws } from './provider/laws.ts'
import { toldOf, toReply, trial, bench, type Tried } from './provider/trial.ts'
import {
  vectorClock,
  vectorDelivery,
  vectorOptions,
  vectorRequest,
  type Vector,
  type ExpectedReply,
  type ProviderUnderTest,
} from './provider/vector.ts'
import type { TestRunner } from './ledger.ts'

/**
 * Defines the contract tests of a provider. Every vector (a delivery with its expected result) goes through a complete
 * receiver, with `receive()` and with `fetch()`. If the provider can sign, further tests sign deliveries and change
 * them as an attacker would. Unsigned parts must not decide anything, expensive bodies must be rejected before they are
 * read, and no challenge may become an event.
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
  const result = await trial(provider, vectorClock(vector), vectorDelivery(vector))
  judgeTrial(vector, result, { reasons, joined: false })
}

async function byFetch(under: ProviderUnderTest, vector: Vector, reasons: boolean): Promise<void> {
  const provider = created(under, vector)
  if (!provider) return
  const result = await trial(provider, vectorClock(vector), async (receiver) =>
    toReply(await receiver.fetch(vectorRequest(vector)!)),
  )
  const joined = Object.values(vector.headers).some((value) => typeof value !== 'string')
  judgeTrial(vector, result, { reasons, joined })
}

// The key of an invalid vector may make the factory throw. This is a rejection if the message names the option.
function created(under: ProviderUnderTest, vector: Vector): Provider | undefined {
  const options = vectorOptions(vector, under.secretOption)
  try {
    return under.create(options)
  } catch (error) {
    if (vector.expect !== 'invalid' || !(error instanceof TypeError)) throw error
    const named = Object.keys(options).some((option) => error.message.includes(option))
    assert.ok(named, `the factory rejects without naming an option: ${error.message}`)
    return undefined
  }
}

/**
 * An attacker may send a challenge, or the receiver's reply to a challenge, as if it were an event. The receiver must
 * not accept any part as an event.
 */
function challengeLaws(
  under: ProviderUnderTest,
  vectors: readonly Vector[],
  runner: TestRunner,
): void {
  runner.describe(`${under.name}: what answers a challenge`, () => {
    for (const vector of vectors)
      runner.test(`${vector.name}: makes no event in any form`, async () => {
        const provider = under.create(vectorOptions(vector, under.secretOption))
        const { url, bodyBase64 } = vector
        const headers = vector.headers as Record<string, string>
        const asked = Buffer.from(bodyBase64, 'base64')
        const one = bench(provider, vectorClock(vector))
        const answer = await one.send(vectorDelivery(vector))
        const reply = Buffer.from(answer.reply.body ?? '')
        const echoed = [...new URL(url).searchParams.values()].map((value) => Buffer.from(value))
        for (const body of [reply, asked, ...echoed]) {
          for (const type of LABELS) {
            for (const coding of [undefined, 'deflate', 'gzip', 'br']) {
              for (const signature of signaturesIn(reply.toString())) {
                const made = Object.fromEntries(
                  Object.keys(headers).map((name) => [name, signature ?? headers[name]!]),
                )
                const extra = {
                  ...(type && { 'content-type': type }),
                  ...(coding && { 'content-encoding': coding }),
                }
                const sent = { method: 'POST', url, headers: { ...made, ...extra }, body }
                const result = await one.send(sent)
                assert.deepEqual(result.events, [], 'an answer to a challenge made an event')
              }
            }
          }
        }
        await one.close()
      })
  })
}

/** Returns `undefined` (for unchanged headers), and then up to three texts of a reply that look like a signature. */
function signaturesIn(text: string): readonly (string | undefined)[] {
  return [undefined, ...(text.match(/(?:\w+=)?[\w+/=-]{20,100}/g) ?? []).slice(0, 3)]
}

interface JudgeOptions {
  readonly reasons: boolean
  /** True if `fetch` joined repeated headers. The reason may then be `signature_mismatch`. */
  readonly joined: boolean
}

function judgeTrial(vector: Vector, result: Tried, options: JudgeOptions): void {
  const told = toldOf(result)
  if (vector.expect === 'invalid') return judgeRejection(vector, result, options, told)
  const { status } = result.reply
  if (vector.verifyOnly && [400, 415, 422].includes(status)) return
  if (vector.reply) judgeReply(vector.reply, result, told)
  if (vector.reply?.status === undefined) assert.ok(isSuccess(status), `expected a 2xx, ${told}`)
  if (vector.handshake) return assert.deepEqual(result.events, [], 'a handshake gave events')
  if (vector.verifyOnly && result.events.length === 0) return
  judgeEvents('eventId', vector.eventId, result, (event, id) => event.id === id)
  judgeEvents('topic', vector.topic, result, (event, topic) => continues(event.topic, topic))
}

/** Returns true if the topic is the expected topic, or has one more segment. */
function continues(topic: string, expected: string): boolean {
  return (
    topic === expected ||
    (topic.startsWith(expected) && './:'.includes(topic.charAt(expected.length)))
  )
}

function judgeRejection(vector: Vector, result: Tried, options: JudgeOptions, told: string): void {
  const { status } = result.reply
  assert.deepEqual(result.events, [], `an invalid delivery gave events, ${told}`)
  if (vector.mayDrop && isSuccess(status)) return
  if (vector.reply) judgeReply(vector.reply, result, told)
  if (vector.reply?.status === undefined)
    assert.ok(status >= 400 && status < 500, `expected a 4xx, ${told}`)
  if (!options.reasons || !vector.reason) return
  const allowed = options.joined ? [vector.reason, 'signature_mismatch'] : [vector.reason]
  assert.ok(allowed.includes(result.code ?? ''), `expected the reason ${vector.reason}, ${told}`)
}

function judgeEvents(
  what: string,
  expected: Vector['topic'],
  { events }: Tried,
  matches: (event: Tried['events'][number], value: string) => boolean,
): void {
  if (expected === null || expected === undefined) return
  const list = typeof expected === 'string' ? [expected] : expected
  const told = JSON.stringify(events.map(({ id, topic }) => ({ id, topic })))
  assert.equal(events.length, list.length, `${what}: expected ${list.length} events, got ${told}`)
  list.forEach((value, at) => {
    if (value !== null)
      assert.ok(matches(events[at]!, value), `${what}: expected ${value} at ${at}, got ${told}`)
  })
}

function judgeReply(expected: ExpectedReply, { reply }: Tried, told: string): void {
  if (expected.status !== undefined)
    assert.ok(
      anyOf(expected.status).includes(reply.status),
      `expected ${anyOf(expected.status).join(' or ')}, ${told}`,
    )
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const given = reply.headers?.[name.toLowerCase()]
    assert.ok(
      anyOf(value).some((one) => sameHeader(name, one, given)),
      `header ${name}: expected ${String(value)}, got ${given}`,
    )
  }
  if (expected.body === undefined) return
  const body = Buffer.from(reply.body ?? '').toString()
  assert.ok(
    anyOf(expected.body).some((one) => sameBody(one, body)),
    `body: expected ${JSON.stringify(expected.body)}, got ${body}`,
  )
}

function sameHeader(name: string, expected: string, given: string | undefined): boolean {
  if (name.toLowerCase() !== 'content-type') return given === expected
  return mediaType(given ?? '') === mediaType(expected)
}

function mediaType(value: string): string {
  return value.split(';')[0]!.trim().toLowerCase()
}

function sameBody(expected: unknown, body: string): boolean {
  if (body === expected) return true
  const value = typeof expected === 'string' ? parsed(expected) : { json: expected }
  const given = parsed(body)
  if (!value || !given) return false
  try {
    assert.deepEqual(given.json, value.json)
    return true
  } catch {
    return false
  }
}

function parsed(text: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function anyOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}
