import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { memoryInbox } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { InboxName } from '../../packages/cli/src/inboxes.ts'
import { durableNames, durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { answers } from './answers.ts'
import { sendSix } from './deliveries.ts'

/** The inboxes of the story. */
export const NAMES: readonly InboxName[] = ['memory', ...durableNames]

const SENDER = fileURLToPath(new URL('sender.ts', import.meta.url))

/**
 * One process takes six deliveries and ends; this one then answers every question from the inbox alone. What is in
 * memory ends with its process, so there both are one.
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
