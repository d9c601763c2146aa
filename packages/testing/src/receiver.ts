import { crashCases } from './receiver/crash-cases.ts'
import {
  type MountReceiver,
  type ReadEffects,
  type ReceiverSkills,
  receiverTest,
  type ReceiverTest,
  type ReceiverScene,
  isTaken,
  standardSecret,
  standardSender,
  signatureHeaders,
  bodyText,
  withBody,
} from './receiver/scene.ts'
import type { TestRunner } from './ledger.ts'
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { exchange } from './adapter/client.ts'
import type { SignableRequest } from '@postern/core/scheme'

/**
 * Defines the contract tests of a webhook receiver in any language. The tests send HTTP requests, read the effects, and
 * restart and kill the receiver in between. An effect is the event's id that the handler writes to its store, between
 * the two steps of `createSteps`. `mount` starts the receiver, and `effects` returns the ids in the store. The tests
 * use node:assert, so they run under vitest, node:test and jest. A test may last several times `patience`.
 *
 * @throws {TypeError} for skills that exclude each other, or for a sender that cannot sign.
 * @example
 * testReceiver(
 *   ({ folder, secret }) => startProgram({ args: ['server.js'], env: { FOLDER: folder, SECRET: secret } }),
 *   ({ folder }) => idsIn(join(folder, 'effects.db')),
 *   { describe, test: (name, body) => test(name, body, 60_000) },
 *   { name: 'my receiver', durable: true },
 * )
 */
export function testReceiver(
  mount: MountReceiver,
  effects: ReadEffects,
  runner: TestRunner,
  skills: ReceiverSkills,
): void {
  const { name, durable = false, exactlyOnce = false, shared = false } = skills
  if (exactlyOnce && !durable)
    throw new TypeError(
      'testReceiver: exactlyOnce needs durable: true, since a crash is what it is about',
    )
  const { makeSecret = standardSecret, sender = standardSender } = skills
  const { covers, sign } = sender(makeSecret())
  if (sign === undefined)
    throw new TypeError('testReceiver: sender must be able to sign; give one whose secret signs')
  const test = receiverTest(mount, effects, runner, skills)
  const { describe } = runner
  describe(`${name} keeps the contract of receivers`, () => {
    describe('deliveries', () => deliveryCases(test))
    describe('signatures', () => {
      signatureCases(test)
      if (covers.timestamp) timeCases(test)
    })
    describe('duplicates', () => {
      duplicateCases(test)
      if (durable) restartCases(test)
      if (shared) sharedCases(test)
    })
    if (durable) describe('crashes', () => crashCases(test, exactlyOnce))
    describe('logs', () => logCases(test))
  })
}

const LEAST = 8

function logCases(test: ReceiverTest): void {
  test('no log and no reply has the secret or a signature', async (scene) => {
    const names = signatureHeaders(scene.sender, scene.makeSecret)
    const valid = scene.signed('valid')
    const forged = scene.signed('forged', { secret: scene.makeSecret() })
    const stale = scene.signed('stale', { at: Date.now() - 2 * scene.tolerance * 1000 })
    const tampered = withBody(scene.signed('tampered'), `${bodyText(valid)} `)
    const replies: string[] = []
    for (const request of [valid, forged, stale, tampered])
      replies.push((await scene.post(request)).text)
    scene.tell('fail', true)
    const failing = scene.signed('failing')
    replies.push((await scene.post(failing)).text)
    await scene.untilAnswered('fail')
    scene.tell('fail', false)
    await scene.deliver('failing')
    await scene.untilEffects(['failing'])
    const { receiver } = scene
    await scene.restart('stop')
    const seen = [await receiver.log(), await scene.receiver.log(), ...replies].join('\n')
    for (const form of formsOf(scene.secret))
      assert.ok(!seen.includes(form), 'a log or a reply has the secret')
    for (const { headers } of [valid, forged, stale, tampered, failing])
      for (const name of names)
        for (const part of partsOf(headers[name]!))
          assert.ok(!seen.includes(part), `a log or a reply has the signature of ${name}`)
  })
}

/**
 * Returns the forms in which a log may contain a secret: the text with and without its prefix, the decoded key in hex,
 * and the text in hex.
 */
function formsOf(secret: string): readonly string[] {
  const bare = secret.slice(secret.indexOf('_') + 1)
  return [
    secret,
    bare,
    Buffer.from(bare, 'base64').toString('hex'),
    Buffer.from(secret).toString('hex'),
  ]
}

/** Returns the parts of a header value that are long enough to be a signature. */
function partsOf(value: string): readonly string[] {
  return value.split(/[ ,;]|^\w{1,8}=/).filter((part) => part.length > LEAST)
}

const CROWD = 40

function duplicateCases(test: ReceiverTest): void {
  test('a delivery that comes again has no second effect', async (scene) => {
    await scene.deliver('again')
    await scene.untilEffects(['again'])
    await once(scene, 'again')
  })

  test('of many equal deliveries at once, one has its effect', async (scene) => {
    await Promise.all(Array.from({ length: CROWD }, () => scene.deliver('crowded')))
    await scene.untilEffects(['crowded'])
    await once(scene, 'crowded')
  })

  test('a delivery that comes again while its handler runs has no second effect', async (scene) => {
    scene.tell('wait', true)
    const first = scene.deliver('slow')
    await scene.untilAnswered('wait')
    // A receiver may reply only after its handler has ended, so this must not be awaited here.
    const second = Promise.all([scene.deliver('slow'), scene.deliver('slow')])
    await scene.post(scene.signed('look', { secret: scene.makeSecret() }))
    scene.tell('wait', false)
    await Promise.all([first, second])
    await scene.untilEffects(['slow'])
    await once(scene, 'slow')
  })
}

function restartCases(test: ReceiverTest): void {
  for (const [how, name] of [
    ['stop', 'a restart'],
    ['kill', 'a crash'],
  ] as const)
    test(`a delivery that comes again after ${name} has no second effect`, async (scene) => {
      await scene.deliver('old')
      await scene.untilEffects(['old'])
      await scene.settle()
      await scene.restart(how)
      await once(scene, 'old')
    })
}

function sharedCases(test: ReceiverTest): void {
  test('of equal deliveries to two processes at once, one has its effect', async (scene) => {
    const { url } = await scene.another()
    const ids = Array.from({ length: CROWD / 2 }, (_, at) => `shared-${at}`)
    await Promise.all(ids.flatMap((id) => [scene.deliver(id), scene.deliver(id, { url })]))
    await scene.untilEffects(ids)
    for (const id of ids) await once(scene, id)
  })
}

/** Delivers the event two more times, with new signed times. Asserts that there is only one effect. */
async function once(scene: ReceiverScene, id: string): Promise<void> {
  for (const later of [0, 1000]) await scene.deliver(id, { at: Date.now() + later })
  await scene.settle()
  assert.equal(await scene.count(id), 1, `the effect of ${id} happened more than once`)
}

const LARGE = 1024 * 1024
const HUGE = 32 * LARGE
const AT_ONCE = 40

function deliveryCases(test: ReceiverTest): void {
  test('a signed delivery is acknowledged and has its effect once', async (scene) => {
    const { status, text } = await scene.post(scene.signed('first'))
    assert.ok(isTaken(status), `expected 2xx, got ${status} ${text}`)
    await scene.untilEffects(['first'])
    await scene.settle()
    assert.equal(await scene.count('first'), 1)
  })

  test('deliveries that come at once all have their effect', async (scene) => {
    const ids = Array.from({ length: AT_ONCE }, (_, at) => `crowd-${at}`)
    await Promise.all(ids.map((id) => scene.deliver(id)))
    await scene.untilEffects(ids)
  })

  test('an event that comes before an older one: both have their effect', async (scene) => {
    const now = Date.now()
    const minute = Math.min(60, scene.tolerance / 4) * 1000
    const deliver = (id: string, topic: string, at: number): Promise<void> =>
      scene.deliver(id, {
        at,
        topic,
        payload: { timestamp: new Date(at).toISOString(), data: { thing: 'thing-1' } },
      })
    await deliver('newer', 'thing.updated', now)
    await scene.untilEffects(['newer'])
    await deliver('older', 'thing.created', now - minute)
    await scene.untilEffects(['older'])
  })

  test('an event whose handler failed is handled in the end', async (scene) => {
    scene.tell('fail', true)
    const first = await scene.post(scene.signed('unlucky'))
    await scene.untilAnswered('fail')
    assert.equal(await scene.count('unlucky'), 0)
    scene.tell('fail', false)
    // Senders retry after a rejection, and often even after a 2xx.
    await scene.deliver('unlucky')
    await scene.untilEffects(['unlucky'])
    assert.ok(first.status === 0 || isTaken(first.status) || first.status >= 400)
  })

  for (const [size, bytes] of [
    ['a megabyte', LARGE],
    ['32 megabytes', HUGE],
  ] as const)
    test(`a body of ${size} is accepted or rejected, and the next delivery is accepted`, async (scene) => {
      const payload = { data: { text: 'x'.repeat(bytes) } }
      const { status } = await scene.post(scene.signed('large', { payload }))
      if (isTaken(status)) await scene.untilEffects(['large'])
      await scene.settle()
      assert.equal(await scene.count('large'), isTaken(status) ? 1 : 0)
    })

  test('a body that breaks off has no effect, and the next delivery is accepted', async (scene) => {
    const { headers, body } = scene.signed('broken')
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const length = `content-length: ${body.byteLength}`
    await exchange(scene.receiver.url, ['POST {target} HTTP/1.1', ...lines, length], (socket) => {
      socket.end(body.subarray(0, body.byteLength / 2))
    })
    await scene.settle()
    assert.equal(await scene.count('broken'), 0)
  })

  test('a delivery to a path that is not of the receiver gets a 2xx only if it has an effect', async (scene) => {
    const { url } = scene.receiver
    const other = new URL(`${new URL(url).pathname.replace(/\/$/, '')}/nowhere`, url).href
    const { status } = await scene.post(scene.signed('lost', { url: other }))
    if (isTaken(status)) await scene.untilEffects(['lost'])
    await scene.settle()
  })
}

const WHITE_SPACE = ' \r\n\t'
// `JSON.stringify(JSON.parse(…))` changes or drops these members.
const UNUSUAL = String.raw`{ "twice": 1,"twice" : 2, "big": 12345678901234567890, "one": 1.0, "e": 1e2, "slash": "\/", "ü": "\u00fc",`

function signatureCases(test: ReceiverTest): void {
  test('a delivery that was tampered with is rejected and has no effect', async (scene) => {
    const names = signatureHeaders(scene.sender, scene.makeSecret)
    const signed = scene.signed('forged')
    const text = bodyText(signed)
    await rejected(scene, 'another body', withBody(signed, text.replace('thing-1', 'thing-2')))
    await rejected(scene, 'more body', withBody(signed, `${text}x`))
    await rejected(scene, 'no body', withBody(signed, ''))
    await rejected(scene, 'another secret', scene.signed('forged', { secret: scene.makeSecret() }))
    await rejected(scene, 'no signature', changed(signed, names, undefined))
    await rejected(scene, 'an empty signature', changed(signed, names, ''))
    if (scene.sender.covers.id && signed.headers['webhook-id'] !== undefined)
      await rejected(scene, 'another id', {
        ...scene.signed('other'),
        headers: { ...scene.signed('other').headers, 'webhook-id': 'forged' },
      })
    await withoutEffect(scene, 'forged')
  })

  test('a body is verified as it came: white space, escapes and doubled keys are accepted', async (scene) => {
    const text = bodyText(scene.signed('unusual'))
    const body = WHITE_SPACE + text.replace('{', UNUSUAL) + WHITE_SPACE
    await scene.deliver('unusual', { body })
    await scene.untilEffects(['unusual'])
  })

  test('a body that reads alike but has other bytes than were signed is rejected', async (scene) => {
    const signed = scene.signed('alike')
    const text = bodyText(signed)
    await rejected(scene, 'white space', withBody(signed, text.replace('{', '{ ')))
    await rejected(
      scene,
      'an escape',
      withBody(signed, text.replace('thing-1', String.raw`thin\u0067-1`)),
    )
    await withoutEffect(scene, 'alike')
  })
}

function timeCases(test: ReceiverTest): void {
  for (const [kind, sign] of [
    ['a stale delivery', -1],
    ['a delivery from the future', 1],
  ] as const)
    test(`${kind} is rejected and has no effect`, async (scene) => {
      const at = Date.now() + sign * 2 * scene.tolerance * 1000
      await rejected(scene, kind, scene.signed('untimely', { at }))
      await withoutEffect(scene, 'untimely')
    })
}

async function rejected(
  scene: ReceiverScene,
  what: string,
  request: SignableRequest,
): Promise<void> {
  const { status, text } = await scene.post(request)
  assert.ok(!isTaken(status), `${what}: it was acknowledged with ${status}`)
  assert.ok(status >= 400 && status < 500, `${what}: expected 4xx, got ${status} ${text}`)
}

async function withoutEffect(scene: ReceiverScene, id: string): Promise<void> {
  await scene.settle()
  assert.equal(await scene.count(id), 0, `${id} had an effect`)
}

function changed(
  request: SignableRequest,
  names: readonly string[],
  value: string | undefined,
): SignableRequest {
  const headers = Object.entries(request.headers).flatMap(([name, old]) => {
    if (!names.includes(name)) return [[name, old] as const]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...request, headers: Object.fromEntries(headers) }
}
