import type { InboxView } from '@postern/core/inbox'
import { signedInit } from '@postern/testing'
import { github } from '@postern/providers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { alerts, type Alert, type AlertOptions, type Alerts } from '../src/alerts/index.ts'
import { createScene, SECRET, type Scene } from './scene.ts'

let scene: Scene
let told: Alert[]
let watching: Alerts[]

beforeEach(() => {
  scene = createScene()
  told = []
  watching = []
})
afterEach(async () => {
  await Promise.all(watching.map((one) => one.stop()))
  await scene.close()
})

function watch(options: Partial<AlertOptions> = {}): Alerts {
  const one = alerts({
    inbox: scene.inbox,
    receivers: [scene.github, scene.stripe],
    to: (alert) => void told.push(alert),
    log: false,
    ...options,
  })
  watching.push(one)
  return one
}

const shown = (): readonly (readonly [string, string])[] =>
  told.map(({ state, kind }) => [state, kind])

test('a cause is told once when it begins and once when it has ended, whoever looks', async () => {
  const [one, other] = [watch(), watch()]
  await one.check()
  expect(told).toEqual([])
  scene.broken = true
  await scene.send('push', { secret: 'a value of the payload' })
  await Promise.all([one.check(), other.check()])
  await one.check()
  await scene.send('push', {})
  await other.check()
  await one.check()
  expect(shown()).toEqual([['begun', 'dead']])
  expect(told[0]).toMatchObject({ app: 'postern', receiver: 'github' })
  expect(told[0]!.text).toMatch(/^1 dead: Error: thrown at .*scene\.ts:\d+, in github › deploy$/)
  scene.broken = false
  await scene.inbox.view!.replay({ state: 'dead' })
  await expect
    .poll(async () => (await scene.inbox.view!.list({ state: 'dead' })).rows.length)
    .toBe(0)
  await one.check()
  await other.check()
  await one.check()
  expect(shown()).toEqual([
    ['begun', 'dead'],
    ['ended', 'dead'],
  ])
  expect(told[1]!.id).toBe(told[0]!.id)
})

test('with payloads it says the message, in printable characters and on one line', async () => {
  const one = watch({ payloads: true })
  scene.github.on('ping', { name: 'evil', retry: { attempts: 1 } }, () => {
    throw new Error('\u001B]0;x\u0007 first\nsecond')
  })
  await scene.send('ping', {})
  await one.check()
  const text = told.find(({ kind }) => kind === 'dead')!.text
  expect(text).toContain('\\u{1B}]0;x\\u{7} first second')
  expect(text).not.toMatch(/\p{Cc}/u)
})

test('what was not sent is sent at the next look', async () => {
  let fails = true
  const one = watch({
    to(alert) {
      if (fails) throw new Error('Slack does not answer')
      told.push(alert)
    },
  })
  scene.broken = true
  await scene.send('push', {})
  await one.check()
  expect(told).toEqual([])
  fails = false
  await one.check()
  await one.check()
  expect(shown()).toEqual([['begun', 'dead']])
})

test('what was sent before its process died is sent again with the same id', async () => {
  let dies = true
  const one = watch({
    to(alert) {
      told.push(alert)
      if (dies) throw new Error('died')
    },
  })
  scene.broken = true
  await scene.send('push', {})
  await one.check()
  await one.check()
  dies = false
  await one.check()
  await one.check()
  expect(shown()).toEqual(Array(3).fill(['begun', 'dead']))
  expect(new Set(told.map(({ id }) => id)).size).toBe(1)
})

test('tasks that wait for too long are late, until none waits', async () => {
  const one = watch({ late: 1 })
  let go = (): void => {}
  const gone = new Promise<void>((resolve) => (go = resolve))
  scene.github.on('ping', { name: 'slow', concurrency: 1 }, () => gone)
  const provider = github({ secret: SECRET })
  for (let n = 0; n < 3; n++) await scene.github.receive(await signedInit(provider, 'ping', { n }))
  await expect.poll(async () => (await one.check(), shown())).toEqual([['begun', 'late']])
  expect(told[0]!.text).toMatch(/^tasks of github › slow wait since 20/)
  go()
  await expect
    .poll(async () => (await one.check(), shown()))
    .toEqual([
      ['begun', 'late'],
      ['ended', 'late'],
    ])
})

test('one that told before the clock was set back holds off no other', async () => {
  const one = watch()
  await one.check()
  await one.stop()
  const key = 'inspector:alerts'
  const kept = (await scene.inbox.records!.get(key))!
  const ahead = { ...(kept.value as object), until: Date.now() + 3_600_000 } as never
  await scene.inbox.records!.set(key, ahead, kept.version)
  scene.broken = true
  await scene.send('push', {})
  await watch().check()
  expect(shown()).toEqual([['begun', 'dead']])
})

test('a burst of rejections', async () => {
  const one = watch({ payloads: true })
  const provider = github({ secret: 'another secret' })
  for (let n = 0; n < 6; n++) await scene.github.receive(await signedInit(provider, 'push', { n }))
  await scene.written()
  await one.check()
  const burst = told.find(({ kind }) => kind === 'rejected')!
  expect(burst.text).toMatch(/^6 of 6 deliveries of github rejected with signature_mismatch/)
  expect(burst.receiver).toBe('github')
})

test('a sender that is silent for longer than its receiver allows, until something comes', async () => {
  await scene.close()
  scene = createScene({ receiver: { silentAfter: 300 } })
  await scene.send('push', {})
  const one = watch()
  await expect.poll(async () => (await one.check(), shown())).toEqual([['begun', 'silent']])
  expect(told[0]).toMatchObject({ receiver: 'github' })
  expect(told[0]!.text).toMatch(/^github is silent since 20/)
  await expect
    .poll(async () => (await scene.send('push', {}), await one.check(), shown()), {
      timeout: 10_000,
    })
    .toEqual([
      ['begun', 'silent'],
      ['ended', 'silent'],
    ])
})

test('an inbox that does not answer is told once, and that it answers again', async () => {
  const real = scene.inbox
  let down = false
  const records = new Proxy(real.records!, {
    get(target, name) {
      if (down) throw new Error('ECONNREFUSED')
      return Reflect.get(target, name)
    },
  })
  const one = watch({ inbox: { ...real, records, view: real.view as InboxView } })
  await one.check()
  down = true
  await one.check()
  await one.check()
  down = false
  await one.check()
  await one.check()
  expect(shown()).toEqual([
    ['begun', 'inbox'],
    ['ended', 'inbox'],
  ])
  expect(told[0]!.text).toBe('the inbox does not answer: ECONNREFUSED')
})

test.each([
  [{ inbox: {} }, 'alerts: inbox must have records'],
  [{ to: 'https://hooks.slack.com' }, 'alerts: to must be a function'],
  [{ every: 'soon' }, 'every'],
  [{ evry: '1m' }, 'did you mean every?'],
])('rejects %j', (options, message) => {
  expect(() => watch(options as never)).toThrow(message)
})
