import { randomBytes } from 'node:crypto'
import { memoryInbox } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { durableNames, durables, openDurable } from '../services/inboxes.ts'
import { temporarySqlite } from './subjects/postern.ts'

type MakeInbox = () => Promise<Inbox>

/** Returns factories of the inbox in memory (with `options`) and of {@link durableInboxes}. */
export function everyInbox(
  env: Readonly<Record<string, string>>,
  options: Parameters<typeof memoryInbox>[0] = {},
): ReadonlyMap<string, MakeInbox> {
  return new Map([['memory', async () => memoryInbox(options)], ...durableInboxes(env)])
}

/** Returns factories of the durable inboxes whose services are available. `env` has the services' URLs. */
export function durableInboxes(
  env: Readonly<Record<string, string>>,
): ReadonlyMap<string, MakeInbox> {
  const inboxes = new Map<string, MakeInbox>()
  for (const name of durableNames) {
    const { title, programs, own } = durables[name]
    const [service] = programs
    const store = service && env[`BENCH_${service.name.toUpperCase()}`]
    if (service === undefined) inboxes.set(title, async () => temporarySqlite())
    else if (store !== undefined) inboxes.set(title, () => openDurable(name, store, own(unique())))
  }
  return inboxes
}

/** Returns a name for a new schema or database. */
export function unique(): string {
  return `bench_${randomBytes(4).toString('hex')}`
}
