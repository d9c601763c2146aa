import { randomBytes } from 'node:crypto'
import { memoryInbox } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { durableNames, durables, openDurable } from '../services/inboxes.ts'
import { temporarySqlite } from './subjects/postern.ts'

/** Makes an inbox on the service it stands on, empty. */
type MakeInbox = () => Promise<Inbox>

/** The inbox in memory with these options, and {@link durableInboxes}. */
export function everyInbox(
  env: Readonly<Record<string, string>>,
  options: Parameters<typeof memoryInbox>[0] = {},
): ReadonlyMap<string, MakeInbox> {
  return new Map([['memory', async () => memoryInbox(options)], ...durableInboxes(env)])
}

/** The durable inboxes whose services are there; `env` is that of the services. */
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

/** A name for what must be empty. */
export function unique(): string {
  return `bench_${randomBytes(4).toString('hex')}`
}
