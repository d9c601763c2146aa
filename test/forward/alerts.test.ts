import { randomBytes } from 'node:crypto'
import { createReceiver } from '@postern/core'
import { memoryInbox } from '@postern/core'
import { createSender } from '@postern/forward'
import { alerts, type Alert } from '@postern/inspector/alerts'
import { acme } from '@postern/testing'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { openSite } from '../../packages/forward/test/site.ts'
import { SECRET } from '../faults/secrets.ts'
import { durables, openDurable } from '../services/inboxes.ts'
import { needs } from '../services/needs.ts'

const { programs, prompt } = durables.bullmq

needs(...programs).describe('alerts by a source', () => {
  test('a dead cause, and a Redis that was stopped, arrive as signed webhooks', async () => {
    const store = await durables.bullmq.start()
    const site = await openSite()
    const source = createSender({
      name: 'ops',
      inbox: memoryInbox(),
      key: randomBytes(32),
      log: false,
      allowHttp: true,
      allowPrivate: true,
    })
    const { secret } = await source.register({ url: site.url, topics: 'alert.*' })
    const provider = acme({ secret: SECRET })
    const inbox = await openDurable('bullmq', store.store, prompt)
    const receiver = createReceiver({ provider, inbox, log: false })
    receiver.on('thing.**', { name: 'mail', retry: { attempts: 1 } }, () => {
      throw new Error('a value of the payload')
    })
    const watching = alerts({ inbox, receivers: [receiver], to: source, log: false })
    try {
      await watching.check()
      await receiver.receive(provider.sign!({ id: '1', topic: 'thing.happened', payload: {} }))
      await expect.poll(async () => (await inbox.view!.list({ state: 'dead' })).rows.length).toBe(1)
      await watching.check()
      await site.until(1)
      await store.stop()
      await watching.check()
      await watching.check()
      await site.until(2)
      const told = site.got.map(({ headers, body }) => {
        new Webhook(secret).verify(body.toString(), headers)
        return JSON.parse(body.toString()) as { type: string; data: Alert }
      })
      expect(told.map(({ type, data }) => [type, data.kind])).toEqual([
        ['alert.begun', 'dead'],
        ['alert.begun', 'inbox'],
      ])
      expect(told[0]!.data.text).toContain('in acme › mail')
      expect(JSON.stringify(told[0])).not.toContain('a value of the payload')
      expect(told[1]!.data.text).toMatch(/^the inbox does not answer: .*Redis/)
    } finally {
      await watching.stop()
      await receiver.close({ timeout: '1s' })
      await inbox.close()
      await source.close()
      await site.close()
    }
  })
})
