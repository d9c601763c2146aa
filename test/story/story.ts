import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { memoryInbox } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { InboxName } from '../../packages/cli/src/inboxes.ts'
import { durableNames, durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { answers } from './answers.ts'
import { sendSix } from './deliveries.ts'

export const NAMES: readonly InboxName[] = ['memory', ...durableNames]

const SENDER = fileURLToPath(new URL('sender.ts', import.meta.url))

/**
 * Sends six deliveries in another process, which then ends. Answers every question from the stored inbox. For the inbox
 * in memory, both happen in this process.
 */
export async function story(name: InboxName): Promise<readonly string[]> {
  if (name === 'memory') {
    const inbox = memoryInbox()
    await sendSix(inbox)
    return told(inbox)
  }
  return durableStory(name)
}

async function durableStory(name: DurableName): Promise<readonly string[]> {
  const { store, stop } = await durables[name].start()
  try {
    await promisify(execFile)(process.execPath, [SENDER, name, store])
    return await told(await openDurable(name, store))
  } finally {
    await stop()
  }
}

async function told(inbox: Inbox): Promise<readonly string[]> {
  try {
    return await answers(inbox)
  } finally {
    await inbox.close()
  }
}
