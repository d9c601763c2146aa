// Takes 15 s.
import { readFileSync } from 'node:fs'
import { createReceiver, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { acme } from '@postern/testing'
import { afterEach, expect, test } from 'vitest'
import { durableNames, durables } from '../services/inboxes.ts'
import { needs } from '../services/needs.ts'
import { fixtureOf } from './fixtures.ts'
import { stores } from './stores.ts'
import type { Dump } from './versioned.ts'

const provider = acme({ secret: 'a secret of fixtures' })
for (const name of durableNames)
  needs(...durables[name].programs).describe(`the versions of a store: ${name}`, () => {
    const { steps, note, noted, open, force, fill, dump } = stores[name]
    const additive = [...steps, { change: note }]
    const breaking = [...steps, { change: note, oldest: steps.length + 1 }]
    let endings: (() => unknown)[] = []
    afterEach(async () => {
      for (const end of endings.toReversed()) await end()
      endings = []
    })

    test('a filled store of version 1 is brought to the next, and nothing of it is lost', async () => {
      const { store } = await start()
      await fill(store, fixture())
      const { inbox, ran, receiver } = await process(store, additive)
      await receiver.startWorker()
      // The retry in the fixture is long overdue, because it was due half a minute after the fixture was written.
      await expect.poll(() => ran.toSorted()).toEqual(['good pending', 'later retried'])
      expect((await deliver(receiver, 'later', 'retried')).status).toBe(200)
      expect(await noted(store)).toBe(4)
      expect((await deliver(receiver, 'good', 'done')).status).toBe(200)
      expect((await deliver(receiver, 'good', 'new')).status).toBe(200)
      await expect.poll(() => ran).toContainEqual('good new')
      expect(ran.toSorted()).toEqual(['good new', 'good pending', 'later retried'])
      const { rows } = await inbox.view!.list({ state: 'dead' })
      expect(rows.map(({ event, error }) => [event.id, error?.message])).toEqual([
        ['dead', 'the till is jammed'],
      ])
      expect(await inbox.records!.get('note')).toMatchObject({ value: 'kept' })
      const { rows: arrivals } = await inbox.journal!.deliveries({ limit: 10 })
      expect(arrivals.length).toBeGreaterThanOrEqual(4)
    })

    test('version 1 makes what its fixture holds', async () => {
      const { store } = await start()
      const { receiver } = await process(store, steps)
      await deliver(receiver, 'good', '1')
      const { schema } = await dump(store)
      const told =
        'a released step is never changed; before its release, run node test/versions/write.ts'
      expect(schema, told).toEqual(fixture().schema)
    })

    test('beside an additive step processes of the version before go on', async () => {
      const { store } = await start()
      const old = await process(store, steps)
      await old.receiver.startWorker()
      await deliver(old.receiver, 'good', '1')
      await expect.poll(() => old.ran).toEqual(['good 1'])
      const young = await process(store, additive)
      await deliver(young.receiver, 'good', '2')
      expect(await noted(store)).toBe(1)
      await deliver(old.receiver, 'good', '3')
      await expect
        .poll(() => old.ran)
        .toSatisfy((ran: readonly string[]) => ran.toSorted().join() === 'good 1,good 2,good 3')
      expect(old.warnings).toEqual([])
      await expect.poll(() => counts(young.inbox)).toMatchObject({ done: 3 })
    })

    test('a breaking step is rejected while a process of the version before lives', async () => {
      const { store } = await start()
      const old = await process(store, steps)
      await deliver(old.receiver, 'good', '1')
      const rejected =
        /requires every process to run version 2 or later, but a process with version 1 is still active.*--force/
      expect(await failure(store)).toMatch(rejected)
      expect((await deliver(old.receiver, 'good', '2')).status).toBe(200)
      await old.receiver.close()
      await old.inbox.close()
      const young = await process(store, breaking)
      expect((await deliver(young.receiver, 'good', '3')).status).toBe(200)
      expect(await counts(young.inbox)).toMatchObject({ pending: 3 })
    })

    test('one that is forced shuts the other out: 503, its tasks are given back, and it says so', async () => {
      const { store } = await start()
      const old = await process(store, steps, () => new Promise(() => {}))
      await old.receiver.startWorker()
      await deliver(old.receiver, 'good', '1')
      await expect.poll(() => old.ran).toEqual(['good 1'])
      await force(store, breaking)
      const told = expect.stringMatching(
        /version 2 or later, but this process has version 1\. .*upgrade @postern/,
      )
      await expect.poll(() => old.warnings).toContainEqual(told)
      expect((await deliver(old.receiver, 'good', '2')).status).toBe(503)
      const young = await process(store, breaking)
      await expect.poll(() => counts(young.inbox)).toMatchObject({ pending: 1, running: 0 })
      await young.receiver.startWorker()
      await expect.poll(() => young.ran).toEqual(['good 1'])
      expect((await deliver(young.receiver, 'good', '2')).status).toBe(200)
    })

    function fixture(): Dump {
      return JSON.parse(readFileSync(fixtureOf(name), 'utf8')) as Dump
    }

    async function start(): Promise<{ readonly store: string }> {
      const { store, stop } = await durables[name].start()
      endings.push(stop)
      return { store }
    }

    /** Opens a receiver on a store, like a separate process. */
    async function process(
      store: string,
      its: typeof steps,
      run: () => unknown = () => {},
    ): Promise<{
      readonly inbox: Inbox
      readonly receiver: Receiver
      readonly ran: string[]
      readonly warnings: string[]
    }> {
      const ran: string[] = []
      const warnings: string[] = []
      const inbox = open(store, its)
      const receiver = createReceiver({
        name: 'shop',
        provider,
        inbox,
        worker: false,
        log: { warning: (_, message) => void warnings.push(message) },
      })
      for (const topic of ['good', 'later', 'bad'])
        receiver.on(topic, { name: topic }, async (event) => {
          ran.push(`${topic} ${event.id}`)
          await run()
        })
      endings.push(async () => {
        await receiver.close({ timeout: '100ms' })
        await inbox.close()
      })
      return { inbox, receiver, ran, warnings }
    }

    /** Returns the error of opening the store with the breaking step. */
    async function failure(store: string): Promise<string> {
      try {
        const reasons: string[] = []
        const inbox = open(store, breaking)
        endings.push(() => inbox.close())
        const receiver = createReceiver({
          name: 'shop',
          provider,
          inbox,
          worker: false,
          log: { rejected: (_, error) => void reasons.push(error.message) },
        })
        receiver.on('good', { name: 'good' }, () => {})
        expect((await deliver(receiver, 'good', 'none')).status).toBe(503)
        return reasons.join()
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError)
        return (error as Error).message
      }
    }
  })

async function counts(inbox: Inbox): Promise<Readonly<Record<string, number>>> {
  const [lane] = (await inbox.view!.stats()).filter(({ subscription }) => subscription === 'good')
  return lane!.counts
}

function deliver(receiver: Receiver, topic: string, id: string) {
  return receiver.receive(provider.sign!({ topic, id, payload: { id } }))
}
