// Takes 15 s.
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createReceiver, fixed, memoryInbox, type Receiver } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { acme, signed } from '@postern/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { singleton, hotReloadable } from '../src/index.ts'
import { serve } from './next-server.ts'

const secret = 'a secret of the app'
const sender = acme({ secret })

afterEach(() => vi.unstubAllEnvs())

describe('hotReloadable', () => {
  test('goes on with what is pending under the handlers of the new module', async () => {
    const inbox = memoryInbox()
    const runs: string[] = []
    let failed!: () => void
    const attempt = new Promise<void>((resolve) => (failed = resolve))
    const one = hotReloadable('pending', () =>
      receiverOf(inbox).onAny({ name: 'work', retry: fixed({ delay: '50ms' }) }, () => {
        failed()
        throw new Error('version one has a bug')
      }),
    )
    assert.equal(await deliver(one, 'a'), 200)
    await attempt
    const ran = new Promise<void>((resolve) => {
      hotReloadable('pending', () =>
        receiverOf(inbox).onAny({ name: 'work' }, (event) => {
          runs.push(event.id!)
          if (runs.length === 2) resolve()
        }),
      )
    })
    assert.equal(await deliver(one, 'b'), 200)
    assert.equal(await deliver(one, 'a'), 200)
    await ran
    expect(runs.toSorted()).toEqual(['a', 'b'])
  })

  test('closes the old receiver before the new one is made', async () => {
    const order: string[] = []
    const version = (name: string) => () => {
      order.push(`${name} made`)
      const receiver = receiverOf()
      return { ...receiver, close: async () => void order.push(`${name} closed`) } as Receiver
    }
    hotReloadable('order', version('one'))
    await hotReloadable('order', version('two')).current()
    await hotReloadable('order', version('three')).current()
    expect(order).toEqual(['one made', 'one closed', 'two made', 'two closed', 'three made'])
  })

  test('closes the current one, and makes none for that', async () => {
    const make = vi.fn(() => receiverOf())
    const one = hotReloadable('to close', make)
    await one.close({ timeout: '1s' })
    assert.equal(await deliver(one, 'a'), 503)
    expect(make).toHaveBeenCalledTimes(1)
    vi.stubEnv('NEXT_PHASE', 'phase-production-build')
    await hotReloadable('never made', make).close()
    expect(make).toHaveBeenCalledTimes(1)
  })

  test('tells of an edit that fails at the next delivery, and is mended by the next edit', async () => {
    const first = hotReloadable('broken', () => receiverOf())
    hotReloadable('broken', () => receiverOf(undefined, ''))
    await expect(deliver(first, 'a')).rejects.toThrow(/secret is empty/)
    hotReloadable('broken', () => receiverOf())
    assert.equal(await deliver(first, 'a'), 200)
  })

  test('throws at once where the first one fails', () => {
    expect(() => hotReloadable('wrong', () => receiverOf(undefined, ''))).toThrow(/secret is empty/)
  })

  test('makes nothing while next build collects the routes', async () => {
    vi.stubEnv('NEXT_PHASE', 'phase-production-build')
    let made = 0
    const receiver = hotReloadable('building', () => {
      made++
      return receiverOf()
    })
    expect(made).toBe(0)
    assert.equal(await deliver(receiver, 'a'), 200)
    expect(made).toBe(1)
  })

  test('is one receiver, one inbox and one worker over an edit under next dev', async () => {
    const directory = await copyOfApp()
    const next = await serve('dev', directory, { ACME_SECRET: secret, APP_ROOT: workspace })
    const url = `${next.url}/reloaded`
    try {
      assert.equal(await post(url, 'before'), 200)
      const route = join(directory, 'app/reloaded/route.ts')
      const source = await readFile(route, 'utf8')
      await writeFile(route, source.replace('version one', 'version two'))
      let log: string[] = []
      for (let round = 0; !log.some((line) => line.startsWith('version two')); round++) {
        // Nothing reports the end of a reload, so deliveries are sent until one reaches the new handler.
        await setTimeout(50)
        assert.ok(round < 1000, `no delivery reached the edited handler: ${log.join('; ')}`)
        assert.equal(await post(url, `after ${round}`), 200)
        log = (await (await fetch(`${next.url}/log`)).json()) as string[]
      }
      assert.equal(await post(url, 'before'), 200)
      assert.equal(await post(url, 'last'), 200)
      log = (await (await fetch(`${next.url}/log`)).json()) as string[]
      expect(log.filter((line) => line.endsWith(' before'))).toEqual(['version one ran before'])
      expect(log.filter((line) => line.endsWith(' last'))).toEqual(['version two ran last'])
      expect(new Set(log).size).toBe(log.length)
    } finally {
      await next.close()
      await rm(directory, { recursive: true, maxRetries: 5 })
    }
  })
})

describe('singleton', () => {
  test('makes a value once', () => {
    const made = singleton('value', () => ({ first: true }))
    expect(singleton('value', () => ({ first: false }))).toBe(made)
  })

  test('makes it again where making it failed', () => {
    expect(() =>
      singleton('fragile', () => {
        throw new Error('the disk is full')
      }),
    ).toThrow('the disk is full')
    expect(singleton('fragile', () => 1)).toBe(1)
  })
})

const workspace = fileURLToPath(new URL('../../..', import.meta.url))

// Next.js resolves packages from the app's folder, so the copy is next to the app, in a folder that nothing else reads.
async function copyOfApp(): Promise<string> {
  const parent = fileURLToPath(new URL('../.next', import.meta.url))
  await mkdir(parent, { recursive: true })
  const directory = await mkdtemp(join(parent, 'dev-'))
  const app = fileURLToPath(new URL('app', import.meta.url))
  await cp(app, directory, {
    recursive: true,
    filter: (source) => !/[/\\]app[/\\]\.next\b/.test(source),
  })
  return directory
}

function receiverOf(inbox?: Inbox, key: string = secret): Receiver {
  const given = { provider: acme({ secret: key }), log: false, ...(inbox && { inbox }) } as const
  return createReceiver({ ...given, onUnhandled: 'acknowledge' })
}

async function deliver(receiver: Pick<Receiver, 'fetch'>, id: string): Promise<number> {
  return (await receiver.fetch(await signed(sender, undefined, {}, { id }))).status
}

async function post(url: string, id: string): Promise<number> {
  return (await fetch(await signed(sender, undefined, {}, { id, url }))).status
}
