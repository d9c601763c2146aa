// Writes the fixtures: fills a store of each durable inbox and dumps it. Run `node test/versions/write.ts && oxfmt
// test/versions/fixtures`. Version 1 may be written again until its release. Do not change a released fixture.
import { writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { createReceiver, fixed, UnrecoverableError } from '@postern/core'
import { acme } from '@postern/testing'
import { durableNames, durables } from '../services/inboxes.ts'
import { fixtureOf } from './fixtures.ts'
import { stores } from './stores.ts'

const ROOT = new URL('../../', import.meta.url).href
const provider = acme({ secret: 'a secret of fixtures' })
for (const name of durableNames) {
  const { store, stop } = await durables[name].start()
  const inbox = stores[name].open(store, stores[name].steps)
  const receiver = createReceiver({ name: 'shop', provider, inbox, log: false, worker: false })
  receiver.on('good', { name: 'good' }, () => {})
  receiver.on('bad', { name: 'bad' }, () => {
    throw new UnrecoverableError('the till is jammed')
  })
  receiver.on('later', { name: 'later', retry: fixed({ attempts: 5, delay: '30s' }) }, () => {
    throw new Error('not yet')
  })
  const deliver = (topic: string, id: string) =>
    receiver.receive(provider.sign!({ topic, id, payload: { id } }))
  await deliver('good', 'done')
  await deliver('bad', 'dead')
  await deliver('later', 'retried')
  await receiver.runDue({ deadline: '5s' })
  await deliver('good', 'pending')
  await inbox.records!.set('note', 'kept', 0)
  await receiver.close()
  await inbox.close()
  // Removes the machine's name and paths from process names and stack traces.
  const dumped = JSON.stringify(await stores[name].dump(store), null, 1)
    .replaceAll(hostname(), 'host')
    .replaceAll(ROOT, 'file:///app/')
  writeFileSync(fixtureOf(name), `${dumped}\n`)
  await stop()
}
process.exit()
