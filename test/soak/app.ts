// App under steady load: `node --expose-gc app.ts <inbox> <store> <keep>`. Prints `ready <port>`. Answers each message
// with its resource usage.
import { readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { createReceiver, fixed } from '@postern/core'
import { webhook } from '@postern/node'
import { acme } from '../../packages/testing/src/acme.ts'
import type { InboxName } from '../../packages/cli/src/inboxes.ts'
import { listenOn } from '../services/temporary.ts'
import { openInbox } from './inboxes.ts'
import { SECRET, type Sample } from './load.ts'

const [name = 'memory', store = '', keep = '2m'] = process.argv.slice(2)
const { inbox, storeBytes } = await openInbox(name as InboxName, store, keep)
const counts = { accepted: 0, duplicates: 0, rejected: 0, done: 0, dead: 0 }
const receiver = createReceiver({
  provider: acme({ secret: SECRET }),
  inbox,
  log: false,
  tenantKey: (event) => String((event.payload as { tenant?: number }).tenant),
  observers: [
    {
      accepted: () => void counts.accepted++,
      duplicate: () => void counts.duplicates++,
      rejected: () => void counts.rejected++,
      done: () => void counts.done++,
      dead: () => void counts.dead++,
    },
  ],
})
receiver.on('thing.**', { name: 'steady', concurrency: 16 }, () => {})
receiver.on('thing.**', { name: 'shaky', retry: fixed({ attempts: 3, delay: 20 }) }, (event) => {
  const number = Number(event.id!.slice(1))
  // One event in 200 always fails. One attempt in 40 fails at random.
  if (number % 200 === 0 || (number % 20 === 0 && Math.random() < 0.5)) throw new Error('not now')
})
console.log(`ready ${await listenOn(createServer(webhook(receiver)))}`)
process.on('message', () => void answer())

async function answer(): Promise<void> {
  globalThis.gc!()
  const { rss, heapUsed, external } = process.memoryUsage()
  const stats = (await inbox.view!.stats()).map(({ counts: of }) => of)
  const sample: Sample = {
    heap: heapUsed,
    outside: external,
    resident: rss,
    handles: process.getActiveResourcesInfo().filter((kind) => kind !== 'TCPSocketWrap').length,
    files: openFiles(),
    store: await storeBytes(),
    open: stats.reduce((sum, of) => sum + of.pending + of.running, 0),
    ...counts,
  }
  process.send!(sample)
}

/** Returns the number of open files, without connections. Returns 0 if the system does not tell. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').filter((fd) => {
      const found = statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false })
      return found?.isFile() === true
    }).length
  } catch {
    return 0
  }
}
