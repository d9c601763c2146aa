import assert from 'node:assert/strict'
import { utf8Text } from './text.ts'
import type { Tried } from './trial.ts'
import type { ExpectedReply, Vector } from './vector.ts'

/** How strictly a refusal's reason is judged. */
interface JudgeOptions {
  /** Judges `reason`. */
  readonly reasons: boolean
  /** Repeated headers came joined, so that `signature_mismatch` may stand for `malformed_header`. */
  readonly joined: boolean
}

/** Throws an assertion error if the trial differs from the vector's expectation. */
export function judgeTrial(vector: Vector, result: Tried, options: JudgeOptions): void {
  const told = `got ${result.reply.status} ${result.code ?? ''} ${result.message ?? ''}`
  if (vector.expect === 'invalid') return judgeRefusal(vector, result, options, told)
  const { status } = result.reply
  if (vector.verifyOnly && [400, 415, 422].includes(status)) return
  if (vector.reply) judgeReply(vector.reply, result, told)
  if (vector.reply?.status === undefined) assert.ok(isSuccess(status), `expected a 2xx, ${told}`)
  if (vector.handshake) return assert.deepEqual(result.events, [], 'a handshake gave events')
  if (vector.verifyOnly && result.events.length === 0) return
  judgeEvents('eventId', vector.eventId, result, (event, id) => event.id === id)
  judgeEvents('topic', vector.topic, result, (event, topic) => continues(event.topic, topic))
}

/** True if a topic is the expected one, or goes on from it in a new segment. */
function continues(topic: string, expected: string): boolean {
  return (
    topic === expected ||
    (topic.startsWith(expected) && './:'.includes(topic.charAt(expected.length)))
  )
}

function judgeRefusal(vector: Vector, result: Tried, options: JudgeOptions, told: string): void {
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
  const body = utf8Text(reply.body)
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
