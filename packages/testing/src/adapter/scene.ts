import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Draft, SignableRequest } from '@postern/core/scheme'
import { acme } from '../acme.ts'
import type { HttpAnswer } from './client.ts'
import type { Control } from './log.ts'
import { createStage, SECRETS, type Stage, type StageName } from './stage.ts'

/** A stage that is mounted and listens. */
export interface Mounted {
  /** Absolute URL of the webhook route, on a real port of this machine. */
  readonly url: string
  readonly close: () => Promise<void>
  /** Where the host runs in another process and made the stage there. */
  readonly control?: Control
}

/** Mounts the stage's receiver on a route with `context` as its context option, in a new server. */
export type Mount = (stage: Stage) => Promise<Mounted>

/** What a case works with. */
export interface Scene {
  readonly url: string
  readonly control: Control
}

const sender = acme({ secret: SECRETS.acme })
const urlSender = acme({ secret: SECRETS.acme, signs: 'url' })

/** Mounts a stage, runs a case against it, and takes everything down. */
export async function onStage(
  mount: Mount,
  name: StageName,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const stage = createStage(name)
  const mounted = await mount(stage)
  const control = mounted.control ?? stage.control
  try {
    await play({ url: mounted.url, control })
  } finally {
    await control('release')
    await control('close')
    await mounted.close()
    if (mounted.control) await stage.control('close')
  }
}

/** A delivery to that URL, signed over its body. */
export function signedDelivery(url: string, draft: Draft = {}): SignableRequest {
  return sender.sign!({ payload: { hello: 'world' }, ...draft, url })
}

/** A delivery to that URL, signed over URL and body. */
export function signedWithUrl(url: string, draft: Draft = {}): SignableRequest {
  return urlSender.sign!({ payload: { hello: 'world' }, ...draft, url })
}

/** Asserts that the answer is a problem document with this status and code, and no other detail. */
export function assertProblem(answer: HttpAnswer, status: number, code: string): void {
  assert.equal(answer.status, status, `expected ${status} ${code}, got ${JSON.stringify(answer)}`)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json\b/)
  const problem = JSON.parse(answer.body) as Record<string, unknown>
  assert.equal(problem['code'], code)
  assert.deepEqual(Object.keys(problem).toSorted(), ['code', 'status', 'title'])
}

/** Exactly one run, with exactly these bytes. */
export async function assertBytes(control: Control, body: Uint8Array): Promise<void> {
  const { runs } = await control('settled', 1)
  assert.equal(runs.length, 1)
  assert.equal(runs[0]!.body, Buffer.from(body).toString('base64'))
}
