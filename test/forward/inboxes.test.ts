import { createReceiver } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { createSender, type WebhookSource } from '@postern/forward'
import { acme } from '@postern/testing'
import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSite, type Site } from '../../packages/forward/test/site.ts'
import { startForwarder } from '../faults/forward.ts'
import { durableNames, durables, openDurable, type Store } from '../services/inboxes.ts'
import { FORWARD_SECRET, SECRET } from '../faults/secrets.ts'
import { needs } from '../services/needs.ts'
import { openMysqlShop, openPostgresShop, openSqliteShop } from './shops.ts'

const key = randomBytes(32)
const local = { allowHttp: true, allowPrivate: true } as const
describe.each(durableNames)('%s', (name) => {
  const { programs, prompt } = durables[name]
  needs(...programs).describe('on its store', () => {
    let store: Store
    beforeAll(async () => {
      store = await durables[name].start()
    })
    afterAll(() => store?.stop())

    test('what one process takes, another forwards: each destination gets each event, with one id', async () => {
      const sites = await Promise.all([
        openSite(),
        openSite((_, nth) => (nth % 3 === 0 ? 500 : 200)),
        openSite((_, nth) => (nth < 8 ? 503 : 200)),
      ])
      const provider = acme({ secret: SECRET })
      const inbox = await openDurable(name, store.store, prompt)
      const web = createReceiver({ provider, inbox, log: false, worker: false })
      web.on('thing.**', { name: 'partners' }, () => expect.unreachable())
      for (let at = 0; at < 50; at++)
        expect((await web.receive(provider.sign!(thing(at)))).status).toBe(200)
      const worker = await startForwarder(name, store.store, ...sites.map((site) => site.url))
      await until(() => sites.every((site) => tookAll(site, 50)))
      for (const site of sites) {
        const ids = new Map<string, Set<string>>()
        for (const { headers, body } of site.got) {
          const event = body.toString()
          ids.set(event, (ids.get(event) ?? new Set()).add(headers['webhook-id']!))
          new Webhook(FORWARD_SECRET).verify(event, headers)
        }
        expect([...ids.values()].every((each) => each.size === 1)).toBe(true)
      }
      worker.child.kill()
      await worker.ended
      await web.close()
      await inbox.close()
      await Promise.all(sites.map((site) => site.close()))
    })

    test('a source registers, emits and rotates in one process, and another delivers', async () => {
      const site = await openSite()
      const make = async (work: boolean): Promise<Sourcing> => {
        const inbox = await openDurable(name, store.store, prompt)
        const source = createSender({
          name: 'bank',
          inbox,
          key,
          log: false,
          worker: work,
          ...local,
        })
        return { inbox, source }
      }
      const web = await make(false)
      const worker = await make(true)
      const first = await web.source.register({ url: site.url, topics: 'card.*' })
      await web.source.emit({ topic: 'card.charged', payload: 1, id: 'charge-1' })
      await web.source.emit({ topic: 'loan.paid', payload: 1, id: 'loan-1' })
      await site.until(1)
      const second = await worker.source.rotate(first.id)
      await web.source.emit({ topic: 'card.charged', payload: 2, id: 'charge-2' })
      await site.until(2)
      expect(site.got.map((got) => got.headers['webhook-id'])).toEqual(['charge-1', 'charge-2'])
      const [, got] = site.got
      for (const each of [first, second])
        new Webhook(each.secret).verify(got!.body.toString(), got!.headers)
      expect(await web.source.unregister(first.id)).toBe(true)
      expect(await worker.source.destinations()).toEqual([])
      for (const { source, inbox } of [web, worker]) {
        await source.close()
        await inbox.close()
      }
      await site.close()
    })

    if (name === 'bullmq') return
    test('a message is stored with what else its transaction writes, or not at all', async () => {
      const site = await openSite()
      const inbox = await openDurable(name, store.store, prompt)
      const source = createSender({ name: 'outbox', inbox, key, log: false, ...local })
      await source.register({ url: site.url, topics: '**' })
      const open = { sqlite: openSqliteShop, postgres: openPostgresShop, mysql: openMysqlShop }
      const shop = await open[name](store.store)
      await shop.run('CREATE TABLE charges (id text)')
      for (const [id, ending] of [
        ['charge-1', 'ROLLBACK'],
        ['charge-2', 'COMMIT'],
      ] as const) {
        await shop.run(shop.begin)
        await shop.run(`INSERT INTO charges VALUES ('${id}')`)
        await source.emit({ topic: 'card.charged', payload: 1, id }, shop.host)
        await shop.run(ending)
      }
      await site.until(1)
      expect(site.got.map((got) => got.headers['webhook-id'])).toEqual(['charge-2'])
      expect(await shop.run('SELECT id FROM charges')).toEqual([{ id: 'charge-2' }])
      expect((await source.tasks()).every((task) => task.event.id === 'charge-2')).toBe(true)
      await shop.close()
      await source.close()
      await inbox.close()
      await site.close()
    })
  })
})

interface Sourcing {
  readonly inbox: Inbox
  readonly source: WebhookSource
}

function thing(at: number): { id: string; topic: string; payload: unknown } {
  return { id: `e${at}`, topic: 'thing.happened', payload: { at } }
}

/** Returns whether the destination received every event. */
function tookAll(site: Site, count: number): boolean {
  return new Set(site.taken.map((got) => got.body.toString())).size === count
}

async function until(holds: () => boolean): Promise<void> {
  await expect.poll(holds, { timeout: 50_000, interval: 20 }).toBe(true)
}
